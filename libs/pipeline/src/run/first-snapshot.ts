import { comparePositions, formatTableName } from '@cdc-demo/cdc-core';
import type { Position, SnapshotBegin, SnapshotEnd, SourceMessage } from '@cdc-demo/cdc-core';
import type { Batch } from '../batching/batch.ts';
import { PipelineError } from '../errors.ts';
import type { StagedTable } from '../progress/progress-record.ts';
import { SnapshotJournal } from '../progress/snapshot-journal.ts';
import type { FinishedUnit } from '../progress/snapshot-journal.ts';
import type { Committer } from './committer.ts';
import type { OpenTables } from './open-tables.ts';
import type { PipelineOptions } from './pipeline-options.ts';
import { Settlement } from './settlement.ts';
import { SnapshotStager } from './snapshot-stager.ts';

export interface FirstSnapshotParts {
  readonly options: PipelineOptions;
  readonly tables: OpenTables;
  readonly committer: Committer;
  /** What earlier runs read, when this one was asked to resume. */
  readonly journal: SnapshotJournal | undefined;
}

export type SnapshotMessage = Extract<SourceMessage, { readonly kind: `snapshot-${string}` }>;

/**
 * The first rows of all tables, from the source's first word of them to the commits that publish
 * them. Until those, what is durable stands in a journal, from which another run goes on.
 *
 * 1. Units are staged, each with an entry of its own.
 * 2. When they are not all of one instant, changes are settled into them.
 * 3. One record says that all is staged; each table is published; a record says so.
 */
export class FirstSnapshot {
  readonly #parts: FirstSnapshotParts;
  readonly #journal: SnapshotJournal;
  readonly #stager: SnapshotStager;
  #settlement: { readonly settlement: Settlement; readonly settledAt: Position } | undefined;

  private constructor(parts: FirstSnapshotParts, journal: SnapshotJournal) {
    const { tables, options } = parts;
    const { clock, observer } = options;
    this.#parts = parts;
    this.#journal = journal;
    const finished = (unit: FinishedUnit): Promise<void> => this.#unitFinished(unit);
    this.#stager = new SnapshotStager({ tables, journal, finished, clock, observer });
  }

  static async begin(message: SnapshotBegin, parts: FirstSnapshotParts): Promise<FirstSnapshot> {
    const { committer, options } = parts;
    committer.history = message.history;
    const { position, run, kept } = message;
    const discarded = kept === 'none' ? [] : kept.allBut;
    let journal = parts.journal;
    if (!journal || kept === 'none') {
      journal = SnapshotJournal.empty(options.state, options.newId);
      await committer.record({ kind: 'snapshotting', position, journal: journal.name });
      await parts.journal?.remove();
    }
    const snapshot = new FirstSnapshot(parts, journal);
    await snapshot.#appended(await journal.begin(run, discarded));
    for (const table of discarded) {
      options.observer({
        kind: 'warning',
        message: `The table ${formatTableName(table)} was truncated, rewritten or altered`,
        remedy: 'It is read anew; keep DDL away from it until the first snapshot is published',
      });
    }
    await snapshot.#stager.begin(message);
    return snapshot;
  }

  /** Units that this run made durable. */
  get finishedUnits(): number {
    return this.#stager.finished;
  }

  /** Takes a message; gives the position at which all tables were published, when they were. */
  async handle(message: Exclude<SnapshotMessage, SnapshotBegin>): Promise<Position | undefined> {
    switch (message.kind) {
      case 'snapshot-rows':
        await this.#stager.write(message);
        return undefined;
      case 'snapshot-unit-end':
        await this.#stager.endUnit(message);
        return undefined;
      case 'snapshot-table-end':
        this.#stager.endTable(message.table);
        return undefined;
      case 'snapshot-discard':
        await this.#appended(await this.#journal.discard(message.table));
        return undefined;
      case 'snapshot-end':
        return this.#end(message);
    }
  }

  /** Settles a batch; gives the position at which all tables were published, when they were. */
  async commit(batch: Batch): Promise<Position | undefined> {
    await this.#settlement?.settlement.commit(batch);
    return this.quiet(batch.end);
  }

  /** All changes before `position` were settled: as `commit`. */
  async quiet(position: Position): Promise<Position | undefined> {
    if (!this.#settlement) return undefined;
    const { settlement, settledAt } = this.#settlement;
    if (comparePositions(position, settledAt) < 0) return undefined;
    return this.#publish(await settlement.finish(), position);
  }

  /** Removes what no later run can use. */
  abort(): Promise<void> {
    return this.#stager.abort();
  }

  async #end({ position, settledAt }: SnapshotEnd): Promise<Position | undefined> {
    const staged = await this.#stager.finish();
    if (comparePositions(settledAt, position) <= 0) return this.#publish(staged, position);
    const settlement = await Settlement.begin(staged, position, this.#parts);
    this.#settlement = { settlement, settledAt };
    return undefined;
  }

  async #publish(tables: readonly StagedTable[], position: Position): Promise<Position> {
    const { committer, options } = this.#parts;
    await committer.record({ kind: 'staged', position, tables });
    await committer.publish(tables, position);
    await SnapshotJournal.removeAll(options.state);
    return position;
  }

  async #unitFinished(unit: FinishedUnit): Promise<void> {
    await this.#appended(await this.#journal.finished(unit));
  }

  /** @throws PipelineError when somebody else wrote the journal */
  async #appended(outcome: 'appended' | 'taken'): Promise<void> {
    if (outcome === 'appended') return;
    await this.#parts.committer.assertOwner();
    throw new PipelineError(
      'pipeline/conflict',
      'An earlier run of the pipeline went on reading the first rows',
    );
  }
}
