import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { TestChange } from './sink.fixture.ts';

type Row = [bigint, string | null, null];
export type Rows = ReadonlyMap<bigint, Row>;

export interface Draw {
  readonly kind: 'put' | 'delete' | 'move' | 'truncate';
  readonly id: number;
  readonly to: number;
  readonly name: string | null;
  readonly full: boolean;
  readonly unchanged: boolean;
}

export interface Step {
  readonly end: number;
  readonly list: readonly TestChange[];
  readonly after: Rows;
}

/** One change of a source with few keys. */
export const drawn: fc.Arbitrary<Draw> = fc.record({
  kind: fc.constantFrom<Draw['kind'][]>(
    'put',
    'put',
    'put',
    'put',
    'delete',
    'delete',
    'move',
    'truncate',
  ),
  id: fc.integer({ min: 0, max: 6 }),
  to: fc.integer({ min: 0, max: 6 }),
  name: fc.option(fc.string({ maxLength: 40 })),
  full: fc.boolean(),
  unchanged: fc.boolean(),
});

/** What the draw does to the rows, as the source would send it; undefined when it cannot. */
function change(rows: Map<bigint, Row>, draw: Draw): TestChange | undefined {
  const id = BigInt(draw.id);
  const old = rows.get(id);
  if (draw.kind === 'truncate') {
    rows.clear();
    return { op: 'truncate' };
  }
  if (draw.kind === 'delete') {
    if (!old) return undefined;
    rows.delete(id);
    return { op: 'delete', old, keyOnly: !draw.full };
  }
  const to = draw.kind === 'move' ? BigInt(draw.to) : id;
  if (!old) {
    const row: Row = [id, draw.name, null];
    rows.set(id, row);
    return { op: 'insert', row };
  }
  if (to !== id && rows.has(to)) return undefined;
  const row: Row = [to, draw.unchanged ? old[1] : draw.name, null];
  rows.delete(id);
  rows.set(to, row);
  return {
    op: 'update',
    row,
    ...(draw.full || to !== id ? { old } : {}),
    ...(draw.unchanged ? { unchanged: [1] } : {}),
  };
}

/** Transactions as a source sends them, and the rows after each. */
export function stepsOf(transactions: readonly (readonly Draw[])[]): Step[] {
  const rows = new Map<bigint, Row>();
  return transactions.map((draws, i) => {
    const list = draws.flatMap((draw) => change(rows, draw) ?? []);
    return { end: 100 + i * 10, list, after: new Map(rows) };
  });
}

const line = ([id, name]: Row): string => `{"id":${id},"name":${JSON.stringify(name)},"uid":null}`;
/** Rows as `tableRows` gives them. */
export const lines = (rows: Rows): string[] => [...rows.values()].map(line).sort();

/** The feed of a version applied to the rows before it. */
export function replay(before: readonly string[], feed: readonly string[]): string[] {
  const rows = new Set(before);
  const of = (type: string): string[] =>
    feed.filter((row) => row.startsWith(`${type} `)).map((row) => row.slice(type.length + 1));
  for (const gone of [...of('delete'), ...of('update_preimage')]) {
    expect(rows.delete(gone)).toBe(true);
  }
  for (const come of [...of('insert'), ...of('update_postimage')]) {
    expect(rows.has(come)).toBe(false);
    rows.add(come);
  }
  return [...rows].sort();
}
