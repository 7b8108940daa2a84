import { describeType } from '@cdc-demo/cdc-core';
import type { ChangeBatch, Clock, ColumnBatch, Field, Logger } from '@cdc-demo/cdc-core';
import type { SpillFile, SpillSpace } from '@cdc-demo/cdc-core';
import type { RowPlan } from '../row-plan/row-plan.ts';
import { RowPlanner } from '../row-plan/row-planner.ts';
import type { PlanTarget } from '../row-plan/row-planner.ts';
import type { StoredFile } from '../row-plan/survey-changes.ts';
import type { TableColumns } from '../table-columns/table-columns.ts';
import type { FileReader, LiveFile } from '../table-index/live-file.ts';
import { MovedKeys } from '../table-index/moved-keys.ts';
import type { RewrittenRows } from '../table-index/rewritten-rows.ts';
import { StoredKeys } from '../table-index/stored-keys.ts';
import { TableIndex } from '../table-index/table-index.ts';
import { unequalChanges } from '../table-rows/range-changes.ts';
import type { TableRange } from '../table-rows/range-changes.ts';
import { SpilledTableChanges } from '../table-rows/table-changes.ts';
import type { TableChanges } from '../table-rows/table-changes.ts';
import type { ChangeWriter, PreparedRows, RowTarget } from './change-writer.ts';
import { planParts } from './plan-parts.ts';

/** A plan, with the stored rows that it reads and whether its feed has to be told explicitly. */
export interface PlannedPart {
  readonly plan: RowPlan;
  /** As in `materialiseRows`. */
  readonly stored: readonly ColumnBatch[];
  readonly writesFeed: boolean;
}

/** One commit of one plan, or of many that have no key in common: `add` each, then `finish`. */
export interface RowCommit<P extends PreparedRows> {
  /** Writes the rows of a plan. After an error `discard` has to follow. */
  add(part: PlannedPart): Promise<void>;
  /**
   * Makes everything durable. After an error `discard` has to follow.
   * @returns undefined when the plans change nothing
   */
  finish(): Promise<P | undefined>;
  /** Removes what was written. */
  discard(): Promise<void>;
}

export interface RowCommitParts<F extends LiveFile, T extends RowTarget<F>> {
  readonly target: T;
  readonly index: TableIndex<F>;
  /** For what may be too much for memory: given where the plans are parts of many changes. */
  readonly file: SpillFile | undefined;
}

export interface UpsertContext {
  /** Local disk for changes that do not fit into memory; without it they are planned in memory. */
  readonly spill: SpillSpace | 'none';
  /** Bytes of changes that are planned at a time when they are on disk. */
  readonly planBytes: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Rows by key: plans the net change of each key, from where its row is now. Changes that do not fit
 * into memory are planned and written one part after the other, into the same commit.
 */
export class UpsertWriter<F extends LiveFile, T extends RowTarget<F>, P extends PreparedRows>
  implements ChangeWriter<F, T, P>
{
  readonly #context: UpsertContext;
  readonly #begin: (parts: RowCommitParts<F, T>) => RowCommit<P>;
  #index: TableIndex<F> | undefined;
  /** The key that the index was made for. */
  #key = '';
  /** Of the resync that is under way. */
  #storedKeys: StoredKeys | undefined;

  /** @param begin begins a commit of the format */
  constructor(context: UpsertContext, begin: (parts: RowCommitParts<F, T>) => RowCommit<P>) {
    this.#context = context;
    this.#begin = begin;
  }

  async prepare(changes: TableChanges, target: T): Promise<P | undefined> {
    const index = await this.#indexOf(target);
    const at = { target, index };
    const { spill } = this.#context;
    const isOnDisk = changes instanceof SpilledTableChanges;
    const file = isOnDisk && spill !== 'none' ? await spill.create() : undefined;
    const commit = this.#begin({ target, index, file });
    try {
      if (!isOnDisk) await this.#add(commit, changes, at);
      else if (file) await this.#addParts(commit, changes, { ...at, file });
      else await this.#add(commit, await all(changes), at);
      const prepared = await commit.finish();
      return (
        prepared && { ...prepared, applied: () => this.#applied(prepared, target.rows.location) }
      );
    } catch (error) {
      await commit.discard();
      throw error;
    }
  }

  /** Plans all changes at once. */
  async #add(
    commit: RowCommit<P>,
    batches: readonly ChangeBatch[],
    at: Place<F, T>,
  ): Promise<void> {
    const plan = planOf(batches, planTarget(at));
    const stored = await storedRows(plan, at);
    const writesFeed = plan.updates + plan.deletes > 0 || plan.truncates;
    await commit.add({ plan, stored, writesFeed });
  }

  async #addParts(
    commit: RowCommit<P>,
    changes: SpilledTableChanges,
    { file, ...at }: Place<F, T> & { readonly file: SpillFile },
  ): Promise<void> {
    const { planBytes, logger } = this.#context;
    const target = planTarget(at);
    const files = storedFiles(at.index);
    const options = { changes, target, storedFiles: files, file, planBytes, logger };
    const { parts, addsOnly } = await planParts(options);
    for await (const batches of parts) {
      const plan = planOf(batches, target);
      const stored = await storedRows(plan, at);
      await commit.add({ plan, stored, writesFeed: !addsOnly });
    }
  }

  /** An index that could follow a commit in part only is made anew before the next one. */
  async #applied(prepared: P, location: string): Promise<void> {
    const index = this.#index;
    this.#index = undefined;
    try {
      await prepared.applied();
      this.#index = index;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#context.logger.warn('the index did not follow a commit', { table: location, reason });
    }
  }

  async prepareRange({ range, changes }: TableRange, target: T): Promise<P | undefined> {
    const index = await this.#indexOf(target);
    this.#storedKeys ??= await StoredKeys.read(target.rows, keyFields(target.columns));
    const [read] = changes;
    if (!read) return undefined;
    const deletes = this.#storedKeys.deletesIn(range, read.schema);
    const at = { target: { ...target, isResyncing: true }, index };
    const plan = planOf([deletes, ...changes], planTarget(at));
    const stored = await storedRows(plan, at);
    const unequal = unequalChanges(plan, stored, read.schema);
    // Its old images are the stored rows themselves.
    return unequal && this.prepare([unequal], { ...target, isResyncing: false });
  }

  endResync(): void {
    this.#storedKeys = undefined;
  }

  /**
   * Brings the index to the versions that somebody else made, by reading what is new in them; one
   * that cannot follow is made anew from the table before the next commit.
   */
  async follow(target: T): Promise<void> {
    const index = this.#index;
    this.#storedKeys = undefined;
    this.#index = undefined;
    if (!index || this.#key !== keyOf(target.columns)) return;
    if (await index.follow(target.rows)) this.#index = index;
  }

  /** The index is made anew before the next commit. */
  forget(): void {
    this.#index = undefined;
  }

  movedKeys(): MovedKeys | undefined {
    const index = this.#index;
    return index && new MovedKeys(index.encoder, index.key);
  }

  moved(rewritten: RewrittenRows<F>, keys: MovedKeys | undefined): void {
    const index = this.#index;
    if (!index) return;
    // Keys that another index has kept say nothing to this one.
    if (keys?.encoder === index.encoder) index.moved(rewritten, keys);
    else this.#index = undefined;
  }

  async #indexOf({ rows, columns }: T): Promise<TableIndex<F>> {
    const key = keyOf(columns);
    if (this.#key !== key) this.#storedKeys = this.#index = undefined;
    this.#index ??= await TableIndex.build(rows, keyFields(columns), this.#context);
    this.#key = key;
    return this.#index;
  }
}

/** What is planned against. */
interface Place<F extends LiveFile, T extends RowTarget<F>> {
  readonly target: T;
  readonly index: TableIndex<F>;
}

function planTarget<F extends LiveFile>({
  target,
  index: { keys, encoder },
}: Place<F, RowTarget<F>>): PlanTarget {
  const { columns, isResyncing = false } = target;
  const { fields } = columns;
  const key = columns.key.map((name) => fields.findIndex((field) => field.name === name));
  return { fields, key, encoder, index: keys, isResyncing };
}

function planOf(changes: readonly ChangeBatch[], target: PlanTarget): RowPlan {
  const planner = new RowPlanner(target);
  const inOrder = target.fields.map((_, i) => i);
  for (const batch of changes) planner.add(batch, inOrder);
  return planner.plan();
}

/** For each file of `plan.reads` the rows asked for, in the plan's columns. */
function storedRows<F extends LiveFile>(
  plan: RowPlan,
  { index, target }: Place<F, RowTarget<F>>,
): Promise<ColumnBatch[]> {
  const { files, starts, rows } = plan.reads;
  const reader: FileReader<F> = target.rows.openReader();
  return Promise.all(
    Array.from(files, (id, i) => {
      return reader.rowsAt(index.file(id).file, rows.subarray(starts[i], starts[i + 1]));
    }),
  );
}

function* storedFiles<F extends LiveFile>(index: TableIndex<F>): Generator<StoredFile> {
  for (const [file, { rows }] of index.files()) yield { file, rows };
}

async function all(batches: AsyncIterable<ChangeBatch>): Promise<ChangeBatch[]> {
  const list: ChangeBatch[] = [];
  for await (const batch of batches) list.push(batch);
  return list;
}

function keyFields({ key, fields }: TableColumns): Field[] {
  return key.flatMap((name) => fields.find((field) => field.name === name) ?? []);
}

/** Names and types of the key's columns: keys of another type have another form. */
function keyOf(columns: TableColumns): string {
  return JSON.stringify(keyFields(columns).map(({ name, type }) => [name, describeType(type)]));
}
