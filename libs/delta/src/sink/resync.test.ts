import { describe, expect, test } from '@jest/globals';
import { postgresPosition } from '@cdc-demo/cdc-core';
import type { CommitOutcome, ObjectStore, ResyncRows, ColumnBatch } from '@cdc-demo/cdc-core';
import fc from 'fast-check';
import { temporaryStore } from '../storage.fixture.ts';
import type { TendedTableSink } from '@cdc-demo/lake-core';
import {
  UUID,
  changes,
  feedRows,
  openTable,
  point,
  rowsOf,
  schema,
  tableRows,
} from './sink.fixture.ts';
import type { Row, TestChange } from './sink.fixture.ts';

const seed = Number(process.env['CDC_SEED'] ?? Date.now() % 1_000_000);
const KEYS = 24;

type Rows = Map<bigint, string | null>;

const asRow = ([id, name]: readonly [bigint, string | null]): Row => [id, name, UUID];
const asLine = (entry: readonly [bigint, string | null]): string =>
  JSON.stringify({ id: Number(entry[0]), name: entry[1], uid: UUID });

const rowsArbitrary = fc
  .array(fc.tuple(fc.bigInt(0n, BigInt(KEYS)), fc.option(fc.constantFrom('a', 'b', 'c'))), {
    maxLength: KEYS,
  })
  .map((entries): Rows => new Map(entries));

const change = fc.record({
  key: fc.bigInt(0n, BigInt(KEYS)),
  kind: fc.constantFrom('put', 'put', 'delete', 'touch'),
  name: fc.constantFrom('x', 'y', 'a'),
});
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** Applies changes to the source's rows; what the log says of them, old rows included or not. */
function apply(source: Rows, list: readonly Change[], isFull: boolean): TestChange[] {
  return list.flatMap(({ key, kind, name }): TestChange[] => {
    const old = source.get(key);
    if (kind === 'delete') {
      if (old === undefined) return [];
      source.delete(key);
      return [{ op: 'delete', old: asRow([key, old]), keyOnly: !isFull }];
    }
    if (old === undefined) {
      source.set(key, name);
      return [{ op: 'insert', row: asRow([key, name]) }];
    }
    const touch = kind === 'touch';
    source.set(key, touch ? old : name);
    const row = asRow([key, touch ? old : name]);
    if (isFull) return [{ op: 'update', row, old: asRow([key, old]) }];
    return [{ op: 'update', row, ...(touch ? { unchanged: [1] } : {}) }];
  });
}

interface Stretch {
  readonly after: bigint | undefined;
  readonly through: bigint | undefined;
  readonly source: Rows;
  readonly later: readonly TestChange[];
  readonly lsn: number;
}

function bound(key: bigint | undefined): ColumnBatch | undefined {
  return key === undefined ? undefined : rowsOf(schema.fields.slice(0, 1), [[key]]);
}

function resyncRows({ after, through, source, later, lsn }: Stretch): ResyncRows {
  const inRange = [...source]
    .filter(
      ([key]) => (after === undefined || key > after) && (through === undefined || key <= through),
    )
    .sort(([a], [b]) => Number(a - b));
  return {
    kind: 'resync-rows',
    schema,
    range: { after: bound(after), through: bound(through) },
    rows: rowsOf(schema.fields, inRange.map(asRow)),
    later: later.length > 0 ? [changes(schema, [[lsn, later]])] : [],
    position: postgresPosition(BigInt(lsn)),
    from: null,
    next: null,
    estimatedRows: inRange.length,
  };
}

/** Replays the feed of a version over rows; every old image must be the row that is there. */
function replay(rows: Map<string, string>, feed: readonly string[]): void {
  const parsed = feed.map((line) => {
    const at = line.indexOf(' ');
    const row = line.slice(at + 1);
    return { type: line.slice(0, at), row, key: String(JSON.parse(row).id) };
  });
  for (const { type, row, key } of parsed) {
    if (type !== 'delete' && type !== 'update_preimage') continue;
    expect(rows.get(key)).toBe(row);
    rows.delete(key);
  }
  for (const { type, row, key } of parsed) {
    if (type === 'delete' || type === 'update_preimage') continue;
    expect(rows.has(key)).toBe(false);
    rows.set(key, row);
  }
}

describe(`resync, seed ${String(seed)}`, () => {
  test('of ranges among changes makes any rows the source’s, each version with an exact feed', async () => {
    const step = fc.record({
      /** Changes that the rows show, those that they do not, and how far the range goes. */
      shown: fc.array(change, { maxLength: 5 }),
      later: fc.array(change, { maxLength: 5 }),
      width: fc.bigInt(1n, 9n),
    });
    await fc.assert(
      fc.asyncProperty(
        rowsArbitrary,
        rowsArbitrary,
        fc.record({ steps: fc.array(step, { minLength: 3, maxLength: 6 }), isFull: fc.boolean() }),
        async (stored, wanted, { steps, isFull }) => {
          await using storage = await temporaryStore();
          const { store } = storage;
          const table = await openTable(store);
          await table.create(schema, point(10));
          const source = new Map(wanted);
          let lsn = 20;
          const write = async (list: readonly TestChange[]): Promise<CommitOutcome> => {
            lsn += 10;
            if (list.length > 0) await table.write(changes(schema, [[lsn, list]]));
            return table.commit(point(lsn));
          };
          const inserts = [...stored].map(
            (entry): TestChange => ({ op: 'insert', row: asRow(entry) }),
          );
          await write(inserts);
          table.setResyncing(true);
          let after: bigint | undefined;
          for (const [i, { shown, later, width }] of steps.entries()) {
            await write(apply(source, shown, isFull));
            const seen = new Map(source);
            const unseen = apply(source, later, isFull);
            await write(unseen);
            const isLast = i === steps.length - 1;
            const through: bigint | undefined = isLast ? undefined : (after ?? -1n) + width;
            await resync(table, { after, through, source: seen, later: unseen, lsn });
            after = through;
          }
          expect(await tableRows(store)).toEqual([...source].map(asLine).sort());
          await expectExactFeed(store);
          await table.close();
        },
      ),
      { numRuns: 25, seed },
    );
  }, 120_000);

  async function resync(table: TendedTableSink, stretch: Stretch): Promise<void> {
    const rows = resyncRows(stretch);
    const done = await table.resync(rows, point(stretch.lsn, { batch: stretch.lsn + 1 }));
    expect(['committed', 'unchanged']).toContain(done.outcome);
    expect(await table.resync(rows, point(stretch.lsn, { batch: stretch.lsn + 2 }))).toEqual({
      outcome: 'unchanged',
    });
  }

  async function expectExactFeed(store: ObjectStore): Promise<void> {
    const rows = new Map<string, string>();
    for (let version = 1n; (await store.stat(logKey(version))) !== undefined; version++) {
      replay(rows, await feedRows(store, version));
      expect([...rows.values()].sort()).toEqual(await tableRows(store, version));
    }
  }

  test('in append mode is refused with its remedy', async () => {
    await using storage = await temporaryStore();
    const table = await openTable(storage.store, { mode: 'append' });
    await table.create(schema, point(10));
    table.setResyncing(true);
    const stretch = { after: undefined, through: undefined, source: new Map(), later: [], lsn: 10 };
    await expect(table.resync(resyncRows(stretch), point(10))).rejects.toMatchObject({
      code: 'delta/resync-append',
    });
  });

  test('of rows from before the table is a mistake', async () => {
    await using storage = await temporaryStore();
    const table = await openTable(storage.store);
    await table.create(schema, point(10));
    const stretch = { after: undefined, through: undefined, source: new Map(), later: [], lsn: 9 };
    await expect(table.resync(resyncRows(stretch), point(9))).rejects.toThrow('further on');
  });
});

function logKey(version: bigint): string {
  return `_delta_log/${version.toString().padStart(20, '0')}.json`;
}
