import type { JsonValue, SnapshotRun, TableName } from '@cdc-demo/cdc-core';
import { formatTableName } from '@cdc-demo/cdc-core';
import type { PublishedTable } from '../catalog/published-table.ts';
import type { KeyOrder, KeyRange, RangeKey } from './key-ranges.ts';
import type { TableShape } from './table-shape.ts';

/** What is read by one COPY, and read again as a whole after a crash in the middle of it. */
export interface SnapshotUnit {
  readonly table: PublishedTable;
  /** Undefined: the whole table. */
  readonly key: RangeKey | undefined;
  readonly range: KeyRange;
}

/** What a run of a snapshot is remembered by, so that a later one can go on. */
export interface SnapshotRunFacts {
  /**
   * Its `pg_snapshot` where it took one of its own, and an LSN before which all lies that it shows.
   * Undefined for the slot's own snapshot: that shows nothing of what the slot will send.
   */
  readonly own: { readonly snapshot: string; readonly settledAt: bigint } | undefined;
  /** Of the tables that it read, by name. */
  readonly shapes: ReadonlyMap<string, TableShape>;
}

/** A unit that a run has finished. */
export interface FinishedUnit {
  readonly table: TableName;
  readonly key: RangeKey | undefined;
  readonly range: KeyRange;
  readonly run: SnapshotRunFacts;
}

export function runToJson({ own, shapes }: SnapshotRunFacts): JsonValue {
  return {
    own: own ? { snapshot: own.snapshot, settledAt: own.settledAt.toString() } : null,
    shapes: Object.fromEntries(
      [...shapes].map(([name, shape]) => [name, { ...shape, columns: [...shape.columns] }]),
    ),
  };
}

export function unitToJson({ key, range }: SnapshotUnit): JsonValue {
  return { key: key ? { ...key } : null, range: { ...range } };
}

/** The units that earlier runs finished, in any order. @throws when it is not what we wrote */
export function finishedUnits(runs: readonly SnapshotRun[]): FinishedUnit[] {
  return runs.flatMap(({ run, units }) => {
    const facts = runFromJson(run);
    return units.map(({ table, unit }) => ({ table, run: facts, ...unitFromJson(unit) }));
  });
}

/** Units by table's name. */
export function unitsByTable(units: readonly FinishedUnit[]): Map<string, FinishedUnit[]> {
  const tables = new Map<string, FinishedUnit[]>();
  for (const unit of units) {
    const name = formatTableName(unit.table);
    const list = tables.get(name);
    if (list) list.push(unit);
    else tables.set(name, [unit]);
  }
  return tables;
}

interface RunJson {
  readonly own: { readonly snapshot: string; readonly settledAt: string } | null;
  readonly shapes: Readonly<Record<string, TableShape>>;
}

function runFromJson(json: JsonValue): SnapshotRunFacts {
  const { own, shapes } = json as unknown as RunJson;
  return {
    own: own ? { snapshot: own.snapshot, settledAt: BigInt(own.settledAt) } : undefined,
    shapes: new Map(Object.entries(shapes)),
  };
}

interface UnitJson {
  readonly key: { readonly column: string; readonly order: KeyOrder } | null;
  readonly range: KeyRange;
}

function unitFromJson(json: JsonValue): Pick<FinishedUnit, 'key' | 'range'> {
  const { key, range } = json as unknown as UnitJson;
  return { key: key ?? undefined, range };
}
