import { changeEvents, comparePositions, formatTableName } from '@cdc-demo/cdc-core';
import type {
  ChangeEvent,
  FieldValue,
  JsonValue,
  Position,
  SnapshotBegin,
  SnapshotEnd,
  SnapshotUnitEnd,
  SourceMessage,
  TableName,
  UnfinishedSnapshot,
} from '@cdc-demo/cdc-core';
import type { PostgresSource } from './postgres-source.ts';

type Row = Readonly<Record<string, FieldValue>>;

interface StoredUnit {
  readonly table: TableName;
  readonly unit: JsonValue;
  readonly rows: readonly Row[];
}

/**
 * What an engine keeps of a snapshot over many runs of a source, each of which may be broken off:
 * units that were finished, and nothing of the others. In the end the rows with the changes behind
 * them, applied as strictly as they can be.
 */
export class SnapshotKeeper {
  /** Rows that were received, those of broken units included. */
  rowsRead = 0;
  /** Changes that cannot be: an insert of a key that is there, a change of one that is not. */
  readonly violations: string[] = [];
  /** Tables that were given up. */
  readonly discarded: string[] = [];
  /** How often all began anew. */
  beginnings = 0;
  readonly tables = new Map<string, Map<string, Row>>();
  readonly #keyOf: (table: string, row: Row) => string;
  #position: Position | undefined;
  #history: string | undefined;
  #runs: { run: JsonValue; units: StoredUnit[] }[] = [];

  /** @param keyOf tells rows of a table apart */
  constructor(keyOf: (table: string, row: Row) => string) {
    this.#keyOf = keyOf;
  }

  get units(): number {
    return this.#runs.reduce((sum, { units }) => sum + units.length, 0);
  }

  /** What the next run is told, as JSON that another process wrote. */
  get resume(): UnfinishedSnapshot | undefined {
    if (!this.#position || this.units === 0) return undefined;
    const runs = this.#runs.map(({ run, units }) => ({
      run,
      units: units.map(({ table, unit }) => ({ table, unit })),
    }));
    const position = this.#position;
    const told = JSON.parse(JSON.stringify({ history: this.#history, runs })) as {
      history: string;
      runs: typeof runs;
    };
    return { position, ...told };
  }

  /**
   * Runs a source until a message is one to stop behind, or it ends.
   * @returns the last message
   */
  async run(
    source: PostgresSource,
    isLast: (message: SourceMessage) => boolean | Promise<boolean>,
  ): Promise<SourceMessage | undefined> {
    const open = new Map<number, Row[]>();
    const { resume } = this;
    const from = resume ? ({ kind: 'snapshot', resume } as const) : ({ kind: 'snapshot' } as const);
    let last: SourceMessage | undefined;
    for await (const message of source.start(from)) {
      last = message;
      await this.#take(message, open);
      if (await isLast(message)) break;
    }
    await source.stop();
    return last;
  }

  async #take(message: SourceMessage, open: Map<number, Row[]>): Promise<void> {
    switch (message.kind) {
      case 'snapshot-begin':
        this.#begin(message);
        return;
      case 'snapshot-rows': {
        const { schema, rows, unit } = message;
        const list = open.get(unit) ?? [];
        for (let i = 0; i < rows.length; i++) {
          const values = rows.row(i);
          list.push(
            Object.fromEntries(schema.fields.map(({ name }, k) => [name, values[k] ?? null])),
          );
        }
        open.set(unit, list);
        this.rowsRead += rows.length;
        return;
      }
      case 'snapshot-unit-end':
        this.#endUnit(message, open.get(message.unit) ?? []);
        return;
      case 'snapshot-discard':
        this.#forget(message.table);
        return;
      case 'snapshot-end':
        this.#end(message);
        return;
      case 'transactions': {
        const events = message.group.batches.flatMap((batch) => [...changeEvents(batch)]);
        for (const event of events.toSorted(inOrder)) this.#apply(event);
        return;
      }
      case 'refused':
        throw message.error;
      default:
        return;
    }
  }

  #begin({ position, history, run, kept }: SnapshotBegin): void {
    if (kept === 'none') {
      this.#runs = [];
      this.beginnings++;
    } else {
      for (const table of kept.allBut) this.#forget(table);
    }
    this.#position = position;
    this.#history = history;
    this.#runs.push({ run, units: [] });
  }

  #endUnit({ schema: { table }, finished }: SnapshotUnitEnd, rows: readonly Row[]): void {
    this.#runs.at(-1)?.units.push({ table, unit: finished, rows });
  }

  #forget(table: TableName): void {
    const name = formatTableName(table);
    this.discarded.push(name);
    for (const run of this.#runs) {
      run.units = run.units.filter((unit) => formatTableName(unit.table) !== name);
    }
  }

  #end({ position, settledAt }: SnapshotEnd): void {
    if (comparePositions(settledAt, position) < 0) this.violations.push('settled before it began');
    this.tables.clear();
    for (const { table, rows } of this.#runs.flatMap(({ units }) => units)) {
      const name = formatTableName(table);
      const stored = this.#rowsOf(name);
      for (const row of rows) {
        const key = this.#keyOf(name, row);
        if (stored.has(key)) this.violations.push(`${name}: ${key} was read twice`);
        stored.set(key, row);
      }
    }
  }

  #apply(event: ChangeEvent): void {
    const name = formatTableName(event.table);
    const rows = this.#rowsOf(name);
    if (event.op === 'truncate') return rows.clear();
    let stored: Row | undefined;
    if (event.op === 'update' || event.op === 'delete') {
      const isOldSent = event.before.kind !== 'none';
      const after = event.op === 'update' ? event.after.values : {};
      const row = isOldSent && 'values' in event.before ? event.before.values : after;
      const key = this.#keyOf(name, row);
      stored = rows.get(key);
      if (!rows.delete(key)) this.violations.push(`${event.op} of ${key} in ${name}, not there`);
    }
    if (event.op === 'delete') return;
    const kept = event.after.unchanged.map((column) => {
      if (!stored) this.violations.push(`unchanged ${column} of nothing in ${name}`);
      return [column, stored?.[column] ?? null] as const;
    });
    const row = { ...event.after.values, ...Object.fromEntries(kept) };
    const key = this.#keyOf(name, row);
    if (rows.has(key)) this.violations.push(`${event.op} to ${key} in ${name}, which is there`);
    rows.set(key, row);
  }

  #rowsOf(name: string): Map<string, Row> {
    const rows = this.tables.get(name) ?? new Map<string, Row>();
    this.tables.set(name, rows);
    return rows;
  }
}

function inOrder(a: ChangeEvent, b: ChangeEvent): number {
  if (a.transaction === 'snapshot' || b.transaction === 'snapshot') return 0;
  const order = comparePositions(a.transaction.commit, b.transaction.commit);
  return order === 0 ? a.ordinal - b.ordinal : order;
}
