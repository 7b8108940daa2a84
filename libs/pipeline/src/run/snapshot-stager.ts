import { formatTableName } from '@cdc-demo/cdc-core';
import type {
  Clock,
  PipelineObserver,
  SnapshotBegin,
  SnapshotRows,
  SnapshotStage,
  SnapshotUnitEnd,
  StagedSnapshot,
  TableName,
  TableSchema,
} from '@cdc-demo/cdc-core';
import type { StagedTable } from '../progress/progress-record.ts';
import type { FinishedUnit, SnapshotJournal } from '../progress/snapshot-journal.ts';
import type { OpenTables } from './open-tables.ts';

export interface StagerParts {
  readonly tables: OpenTables;
  readonly journal: SnapshotJournal;
  /** Makes a unit that is staged count. @throws when this run is not the owner any more */
  readonly finished: (unit: FinishedUnit) => Promise<void>;
  readonly clock: Clock;
  readonly observer: PipelineObserver;
}

interface Reading {
  readonly table: TableName;
  readonly estimatedRows: number;
  /** Rows of earlier runs. */
  readonly keptRows: number;
  /** Rows of this run, and when its first ones came. */
  rows: number;
  sinceMs: number | undefined;
}

/**
 * Stages the first rows of all tables unit by unit; a unit that is whole is made durable while the
 * next ones arrive. Nothing is visible before it is published.
 */
export class SnapshotStager {
  readonly #parts: StagerParts;
  readonly #reading = new Map<string, Reading>();
  readonly #open = new Map<number, SnapshotStage>();
  #finishing: Promise<void> = Promise.resolve();
  #finished = 0;

  constructor(parts: StagerParts) {
    this.#parts = parts;
  }

  /** Units that this run made durable. */
  get finished(): number {
    return this.#finished;
  }

  /** Removes what earlier runs left and does not count, and tells what counts. */
  async begin(message: SnapshotBegin): Promise<void> {
    const { tables } = this.#parts;
    for (const { schema, estimatedRows } of message.tables) {
      const kept = this.#staged(schema.table);
      await tables.sink(schema.table).sweepStaged(kept);
      const keptRows = kept.reduce((sum, { rows }) => sum + rows, 0);
      const { table } = schema;
      const reading = { table, estimatedRows, keptRows, rows: 0, sinceMs: undefined };
      this.#reading.set(formatTableName(table), reading);
      this.#report(reading, false);
    }
  }

  async write({ schema, unit, rows }: SnapshotRows): Promise<void> {
    const reading = this.#of(schema.table);
    reading.sinceMs ??= this.#parts.clock.monotonicMs();
    reading.rows += rows.length;
    const stage = await this.#stage(schema, unit);
    await stage.write(rows);
    this.#report(reading, false);
  }

  /** The unit is made durable in the background; a failure comes from a later call. */
  async endUnit({ schema, unit, finished }: SnapshotUnitEnd): Promise<void> {
    const stage = await this.#stage(schema, unit);
    await this.#finishing;
    this.#open.delete(unit);
    this.#finishing = this.#finishUnit(stage, schema.table, finished);
    this.#finishing.catch(() => {
      // Told by the next await of the same promise.
    });
  }

  endTable(table: TableName): void {
    this.#report(this.#of(table), true);
  }

  /** All that is staged, durable. */
  async finish(): Promise<StagedTable[]> {
    await this.#finishing;
    return [...this.#reading.values()].map(({ table }) => ({ table, staged: this.#staged(table) }));
  }

  /** Removes what belongs to no finished unit. */
  async abort(): Promise<void> {
    await Promise.allSettled([this.#finishing]);
    await Promise.all([...this.#open.values()].map((stage) => stage.abort()));
    this.#open.clear();
  }

  async #finishUnit(
    stage: SnapshotStage,
    table: TableName,
    unit: FinishedUnit['unit'],
  ): Promise<void> {
    const staged = await stage.finish();
    await this.#parts.finished({ table, unit, staged });
    this.#finished++;
  }

  async #stage(schema: TableSchema, unit: number): Promise<SnapshotStage> {
    const known = this.#open.get(unit);
    if (known) return known;
    const stage = await this.#parts.tables.sink(schema.table).stageSnapshot(schema);
    this.#open.set(unit, stage);
    return stage;
  }

  #staged(table: TableName): StagedSnapshot[] {
    const name = formatTableName(table);
    const units = this.#parts.journal.units;
    return units.flatMap((unit) => (formatTableName(unit.table) === name ? [unit.staged] : []));
  }

  #of(table: TableName): Reading {
    const reading = this.#reading.get(formatTableName(table));
    if (!reading) throw new Error(`Rows of ${formatTableName(table)} came before its beginning`);
    return reading;
  }

  #report(reading: Reading, done: boolean): void {
    const { table, estimatedRows, keptRows, sinceMs } = reading;
    const elapsedMs = sinceMs === undefined ? 0 : this.#parts.clock.monotonicMs() - sinceMs;
    const rowsPerSecond = elapsedMs > 0 ? (reading.rows * 1000) / elapsedMs : 0;
    const rows = keptRows + reading.rows;
    const left = estimatedRows - rows;
    const isKnown = rowsPerSecond > 0 && left > 0;
    const remainingMs = done ? 0 : isKnown ? (left * 1000) / rowsPerSecond : 'unknown';
    this.#parts.observer({
      kind: 'snapshot-progress',
      table,
      rows,
      estimatedRows,
      rowsPerSecond,
      remainingMs,
      done,
    });
  }
}
