import { formatTableName } from '@cdc-demo/cdc-core';
import type { TableName } from '@cdc-demo/cdc-core';
import type { PublishedTable } from '../catalog/published-table.ts';
import type { Query } from '../catalog/query.ts';
import { rangesLeft, splitRanges } from './key-ranges.ts';
import type { KeyRange } from './key-ranges.ts';
import { readRangeKey, sampleBounds } from './range-bounds.ts';
import type { RangeSize } from './range-bounds.ts';
import type { FinishedUnit, SnapshotUnit } from './snapshot-unit.ts';
import { compareShapes, readTableShape } from './table-shape.ts';
import type { ShapeChange, TableShape } from './table-shape.ts';

/** What a run of a snapshot has to read. */
export interface SnapshotPlan {
  /** The largest tables first, each in the order of its keys. */
  readonly units: readonly SnapshotUnit[];
  /** Tables whose finished units do not count any more. */
  readonly discarded: readonly TableName[];
  /** Of the tables that are read, by name. */
  readonly shapes: ReadonlyMap<string, TableShape>;
}

/** A table changed so that all has to begin anew, with another slot. */
export class BeginAnew extends Error {
  readonly table: TableName;

  constructor(table: TableName) {
    super(`the table ${formatTableName(table)} was altered`);
    this.table = table;
  }
}

/**
 * Divides what is left of the tables into units.
 * @param query in the snapshot, with the tables locked
 * @param finished what earlier runs have read, by table
 * @throws BeginAnew
 */
export async function planSnapshot(
  query: Query,
  tables: readonly PublishedTable[],
  {
    finished,
    size,
  }: { readonly finished: ReadonlyMap<string, readonly FinishedUnit[]>; readonly size: RangeSize },
): Promise<SnapshotPlan> {
  const units: SnapshotUnit[] = [];
  const discarded: TableName[] = [];
  const shapes = new Map<string, TableShape>();
  for (const table of tables.toSorted((a, b) => b.estimatedRows - a.estimatedRows)) {
    const name = formatTableName(table.schema.table);
    let done = finished.get(name) ?? [];
    if (leftOf(done).length === 0) continue;
    const shape = await readTableShape(query, table);
    shapes.set(name, shape);
    const change = shapeChange(name, done, shape);
    if (change === 'other-table') throw new BeginAnew(table.schema.table);
    if (change === 'other-rows') {
      discarded.push(table.schema.table);
      done = [];
    }
    units.push(...(await unitsLeft(query, { table, done }, size)));
  }
  return { units, discarded, shapes };
}

/** What no finished unit of a table covers. */
export function leftOf(done: readonly FinishedUnit[]): KeyRange[] {
  const [first] = done;
  if (!first) return [{}];
  if (!first.key) return [];
  return rangesLeft(
    first.key.order,
    done.map(({ range }) => range),
  );
}

async function unitsLeft(
  query: Query,
  { table, done }: { readonly table: PublishedTable; readonly done: readonly FinishedUnit[] },
  size: RangeSize,
): Promise<SnapshotUnit[]> {
  const left = leftOf(done);
  const key = done[0] ? done[0].key : await readRangeKey(query, table);
  if (!key) return left.map((range) => ({ table, key, range }));
  const bounds = await sampleBounds(query, { table, key }, size);
  return splitRanges(key.order, left, bounds).map((range) => ({ table, key, range }));
}

/** The greatest change between any run that read a table and now. */
function shapeChange(name: string, done: readonly FinishedUnit[], now: TableShape): ShapeChange {
  const changes = new Set(
    done.map(({ run }) => {
      const before = run.shapes.get(name);
      return before ? compareShapes(before, now) : 'other-rows';
    }),
  );
  if (changes.has('other-table')) return 'other-table';
  return changes.has('other-rows') ? 'other-rows' : 'same';
}
