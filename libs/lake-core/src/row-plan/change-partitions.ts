import {
  BatchSpill,
  ChangeBatch,
  DELETE,
  INSERT,
  NO_IMAGE,
  READ,
  TRUNCATE,
  UPDATE,
} from '@cdc-demo/cdc-core';
import type { ChangeImages, Op, SpillFile, TableSchema } from '@cdc-demo/cdc-core';
import type { KeyIndex } from '../key-index/key-index.ts';
import { ChangeKeys, NO_KEY } from './change-keys.ts';
import type { PlanTarget } from './row-planner.ts';
import { MOVED_IN } from './row-versions.ts';
import { isPartial } from './survey-changes.ts';
import type { ChangeSurvey, StoredSpan } from './survey-changes.ts';

/** More partitions than this would cost more memory than they spare. */
const MAX_PARTITIONS = 1024;
/** What all partitions together keep in memory before they write it. */
const BUFFER_BYTES = 32 * 1024 * 1024;
const MIN_BUFFER_CHANGES = 64;

/** Where the changes of a key go. */
interface Routes {
  /** By stretch of stored rows the number of its partition. */
  readonly byStretch: Uint16Array;
  /** Partitions [first, first + count) take the keys that are not stored. */
  readonly firstUnstored: number;
  readonly unstoredCount: number;
  /** The partition of keys that must stay together. */
  readonly linked: number;
  readonly count: number;
}

export interface PartitionOptions {
  readonly target: PlanTarget;
  readonly span: StoredSpan;
  readonly survey: ChangeSurvey;
  readonly schema: TableSchema;
  /** The file takes the changes of all partitions. */
  readonly file: SpillFile;
  /** Changes, and their bytes, that were surveyed. */
  readonly changes: number;
  readonly bytes: number;
  /** Bytes of changes that one plan may have, as far as the keys allow. */
  readonly planBytes: number;
}

/**
 * Divides the changes of a commit so that all changes of a key are in one partition, in order. Each
 * partition can be planned by itself then, one after the other, against the same index.
 *
 * Stored keys are divided by where their rows are, so that a plan reads its old rows from few
 * places; others by their hash. A change of a key becomes a delete of the old key and `MOVED_IN`
 * for the new one, unless the new row leaves out values: those keys share a partition. A truncate
 * goes to every partition.
 */
export class ChangePartitions {
  readonly #index: KeyIndex;
  readonly #linked: KeyIndex;
  readonly #span: StoredSpan;
  readonly #keys: ChangeKeys;
  readonly #routes: Routes;
  readonly #partitions: Partition[];

  constructor(options: PartitionOptions) {
    const { target, span, survey, schema, file, changes, bytes } = options;
    this.#index = target.index;
    this.#linked = survey.linked;
    this.#span = span;
    this.#keys = new ChangeKeys(target.key, target.encoder);
    this.#routes = routesOf(options);
    const perChange = Math.max(1, bytes / Math.max(1, changes));
    const bufferChanges = Math.max(
      MIN_BUFFER_CHANGES,
      Math.floor(BUFFER_BYTES / this.#routes.count / perChange),
    );
    this.#partitions = Array.from(
      { length: this.#routes.count },
      () => new Partition(schema, file, bufferChanges),
    );
  }

  /** Takes the next batch, in the target's columns. */
  async add(batch: ChangeBatch): Promise<void> {
    const keys = this.#keys;
    keys.read(batch);
    for (let change = 0; change < batch.length; change++) {
      const full = this.#route(batch, change);
      if (full) for (const partition of full) await partition.write();
    }
  }

  /** The batches of one partition after the other; those without changes are left out. */
  async *plans(): AsyncGenerator<ChangeBatch[], void, undefined> {
    for (const partition of this.#partitions) await partition.write();
    for (const partition of this.#partitions) {
      const batches: ChangeBatch[] = [];
      for await (const batch of partition.spill.batches()) batches.push(batch);
      if (batches.length > 0) yield batches;
    }
  }

  /** @returns the partitions that have to be written before the next change, if any */
  #route(batch: ChangeBatch, change: number): Partition[] | undefined {
    const op = batch.ops[change];
    if (op === TRUNCATE) {
      for (const partition of this.#partitions) partition.take(batch, change);
      return this.#partitions.filter(({ isFull }) => isFull);
    }
    const keys = this.#keys;
    keys.seek(batch, change);
    const isInsert = op === INSERT || op === READ;
    const from = isInsert ? undefined : this.#partitionOf(keys.oldAt);
    const to = op === DELETE ? from : this.#partitionOf(keys.newAt);
    if (from === undefined || to === undefined || from === to || isPartial(batch, change)) {
      const only = to ?? from;
      only?.take(batch, change);
      return only?.isFull ? [only] : undefined;
    }
    from.leave(batch, change);
    to.arrive(batch, change);
    return from.isFull || to.isFull ? [from, to] : undefined;
  }

  /** A change without key goes to the first partition, whose planner refuses it. */
  #partitionOf(at: number): Partition | undefined {
    const { byStretch, firstUnstored, unstoredCount, linked } = this.#routes;
    const { words } = this.#keys;
    if (at === NO_KEY) return this.#partitions[0];
    if (this.#linked.size > 0 && this.#linked.seek(words, at)) return this.#partitions[linked];
    if (!this.#index.seek(words, at)) {
      return this.#partitions[firstUnstored + (this.#index.hash % unstoredCount)];
    }
    const stretch = this.#span.stretch(this.#index.file, this.#index.row);
    return this.#partitions[byStretch[stretch] ?? 0];
  }
}

/** The changes of some keys: in memory until they are enough to be written. */
class Partition {
  readonly spill: BatchSpill;
  readonly #schema: TableSchema;
  readonly #bufferChanges: number;
  #batch: ChangeBatch;

  constructor(schema: TableSchema, file: SpillFile, bufferChanges: number) {
    this.spill = new BatchSpill(file);
    this.#schema = schema;
    this.#bufferChanges = bufferChanges;
    this.#batch = new ChangeBatch(schema);
  }

  get isFull(): boolean {
    return this.#batch.length >= this.#bufferChanges;
  }

  /** Copies a change as it is. */
  take(batch: ChangeBatch, change: number): void {
    const before = this.#image(batch, batch.before[change] ?? NO_IMAGE);
    const after = this.#image(batch, batch.after[change] ?? NO_IMAGE);
    this.#append(batch, change, { before, after });
  }

  /** The first half of a key change: the row goes from the old key. */
  leave(batch: ChangeBatch, change: number): void {
    const before = this.#image(batch, batch.before[change] ?? NO_IMAGE);
    this.#append(batch, change, { before, after: NO_IMAGE, op: DELETE });
  }

  /** The second half: the row comes to the new key. */
  arrive(batch: ChangeBatch, change: number): void {
    const after = this.#image(batch, batch.after[change] ?? NO_IMAGE);
    this.#append(batch, change, { before: NO_IMAGE, after, op: MOVED_IN });
  }

  async write(): Promise<void> {
    const full = this.#batch;
    if (full.length === 0) return;
    this.#batch = new ChangeBatch(this.#schema);
    await this.spill.append(full);
  }

  #image(batch: ChangeBatch, image: number): number {
    return image < 0 ? NO_IMAGE : this.#batch.images.appendRowFrom(batch.images, image);
  }

  #append(
    batch: ChangeBatch,
    change: number,
    as: Omit<ChangeImages, 'beforeIsFull'> & { readonly op?: number },
  ): void {
    const { before, after, op = batch.ops[change] ?? UPDATE } = as;
    const beforeIsFull = batch.beforeIsFull[change] === 1;
    this.#batch.append(op as Op, { before, after, beforeIsFull }, batch.ordinal[change] ?? 0);
  }
}

function routesOf({ survey, changes, bytes, planBytes }: PartitionOptions): Routes {
  const wanted = Math.min(MAX_PARTITIONS, Math.max(1, Math.ceil(bytes / planBytes)));
  const perPartition = Math.max(1, Math.ceil(changes / wanted));
  const byStretch = new Uint16Array(survey.stored.length);
  let [number, taken] = [0, 0];
  survey.stored.forEach((touches, stretch) => {
    if (taken > 0 && taken + touches > perPartition) {
      number++;
      taken = 0;
    }
    byStretch[stretch] = number;
    taken += touches;
  });
  const firstUnstored = number + 1;
  const unstoredCount = Math.max(1, Math.ceil(survey.unstored / perPartition));
  const linked = firstUnstored + unstoredCount;
  return { byStretch, firstUnstored, unstoredCount, linked, count: linked + 1 };
}
