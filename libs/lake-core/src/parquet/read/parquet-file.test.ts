import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field } from '@cdc-demo/cdc-core';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { LeastRecentlyUsed } from './least-recently-used.ts';
import { madeFile, plain } from './made-file.fixture.ts';
import type { MadePage } from './made-file.fixture.ts';
import { MemoryStore } from './memory-store.fixture.ts';
import { ownFileOf } from './own-file.fixture.ts';
import { ParquetFileCache } from './parquet-file-cache.ts';
import { openParquet } from './parquet-file.ts';
import { openBytes, readAll, rowsOf } from './read-rows.fixture.ts';

const ROWS = 50_000;
const fields: readonly Field[] = [
  { id: 1, name: 'id', type: { kind: 'int', bits: 64 }, nullable: false },
  { id: 2, name: 'text', type: { kind: 'string' }, nullable: true },
  { id: 3, name: 'kind', type: { kind: 'string' }, nullable: false },
];
const projection = { fields, match: 'id' } as const;

/** Row `i` of the file. */
const row = (i: number): [bigint, string | null, string] => [
  BigInt(i) * 7_919n,
  i % 3 === 0 ? null : `${String((i * 7919) % 10_007)} is a text of some length `.repeat(3),
  i % 2 === 0 ? 'even' : 'odd',
];

let bytes: Uint8Array;
beforeAll(async () => {
  const batch = new ColumnBatch(fields, ROWS);
  for (let i = 0; i < ROWS; i++) batch.appendRow(row(i));
  bytes = await ownFileOf(batch, { rowGroupRows: 30_000, compression: 'uncompressed' });
});

const stored = (): MemoryStore => {
  const store = new MemoryStore();
  store.files.set('a', bytes);
  return store;
};

describe('an open file', () => {
  it('reads the footer in one request when it knows the size', async () => {
    const store = stored();
    const file = await openParquet(store.port, 'a', bytes.length);
    expect(file.rows).toBe(ROWS);
    expect(store.requests).toBe(1);
  });

  it('reads few pages for few rows, across row groups', async () => {
    const store = stored();
    const file = await openParquet(store.port, 'a');
    const opened = store.bytesRead;
    const positions = Uint32Array.of(5, 6, 29_999, 30_000, 49_999);
    const rows = await file.readRows(positions, projection);
    expect(rowsOf(rows)).toEqual([...positions].map(row));
    expect(store.bytesRead - opened).toBeLessThan(bytes.length / 4);
  });

  it('reads only the columns that are wanted', async () => {
    const store = stored();
    const file = await openParquet(store.port, 'a');
    const opened = store.bytesRead;
    let rows = 0;
    for await (const batch of file.read({ fields: fields.slice(2), match: 'id' })) {
      rows += batch.rows.length;
    }
    expect(rows).toBe(ROWS);
    expect(store.bytesRead - opened).toBeLessThan(bytes.length / 4);
  });

  it('ends batches with their row group', async () => {
    const file = await openParquet(stored().port, 'a');
    const batches: [number, number][] = [];
    const rows = { start: 10_000, end: 45_000 };
    for await (const batch of file.read({ ...projection, batchRows: 20_000, rows })) {
      batches.push([batch.firstRow, batch.rows.length]);
      expect(batch.rows.row(0)).toEqual(row(batch.firstRow));
    }
    expect(batches).toEqual([
      [10_000, 20_000],
      [30_000, 15_000],
    ]);
  });

  it('reads a large row group in steps where an offset index allows it', async () => {
    const int: Field = { id: 0, name: 'f', type: { kind: 'int', bits: 32 }, nullable: false };
    const page = (i: number): MadePage => ({ entries: 2, values: plain.int32(i, i + 1) });
    const metadata = { total_compressed_size: BigInt(200 << 20) };
    const column = { pages: [page(0), page(2), page(4)], firstRows: [0, 2, 4], metadata };
    const store = new MemoryStore();
    const schema = [{ name: 'f', type: 'INT32', repetition_type: 'REQUIRED' }] as const;
    store.files.set('a', madeFile({ schema, columns: [column], rows: 6 }));
    const file = await openParquet(store.port, 'a');
    const rows = await readAll(file, { fields: [int], match: 'name' });
    expect(rows).toEqual([[0], [1], [2], [3], [4], [5]]);
  });

  it('reads more nested values than one page holds', async () => {
    const element: Field = { id: 0, name: 'element', type: { kind: 'string' }, nullable: true };
    const list: Field = { id: 0, name: 'f', type: { kind: 'list', element }, nullable: true };
    const batch = new ColumnBatch([list]);
    for (let i = 0; i < 5000; i++) batch.appendRow([i % 5 === 0 ? null : [null, String(i), '']]);
    const file = await openBytes(await ownFileOf(batch));
    const rows = await readAll(file, { fields: [list], match: 'name', batchRows: 3000 });
    expect(rows).toEqual(rowsOf(batch));
  });

  it('gives rows without columns, for those who count', async () => {
    const file = await openParquet(stored().port, 'a');
    const batch = await file.readRows(Uint32Array.of(1, 2), { fields: [], match: 'id' });
    expect(batch.length).toBe(2);
  });

  it.each([
    ['that go back', Uint32Array.of(2, 1)],
    ['that come twice', Uint32Array.of(2, 2)],
    ['beyond the file', Uint32Array.of(ROWS)],
  ])('refuses positions %s', async (_what, positions) => {
    const file = await openParquet(stored().port, 'a');
    await expect(file.readRows(positions, projection)).rejects.toThrow(RangeError);
  });
});

describe('the cache of files', () => {
  it('opens a file once, whoever asks at the same time', async () => {
    const store = stored();
    const cache = new ParquetFileCache(store.port);
    const [one, two] = await Promise.all([cache.open('a', bytes.length), cache.open('a')]);
    expect(one).toBe(two);
    expect(await cache.open('a')).toBe(one);
    expect(store.requests).toBe(1);
  });

  it('reads a page once, and other pages when they are wanted', async () => {
    const store = stored();
    const cache = new ParquetFileCache(store.port);
    const file = await cache.open('a');
    await file.readRows(Uint32Array.of(10, 20, 30), projection);
    const { requests } = store;
    const again = await file.readRows(Uint32Array.of(1, 21, 1999), projection);
    expect(rowsOf(again)).toEqual([1, 21, 1999].map(row));
    expect(store.requests).toBe(requests);
    const more = await file.readRows(Uint32Array.of(2, 9000), projection);
    expect(rowsOf(more)).toEqual([2, 9000].map(row));
    expect(store.requests).toBeGreaterThan(requests);
  });

  it('holds no more than its limits', async () => {
    const cache = new ParquetFileCache(stored().port, { fileBytes: 1 << 20, pageBytes: 100_000 });
    const file = await cache.open('a');
    const every = Uint32Array.from({ length: ROWS / 100 }, (_, i) => i * 100);
    expect(rowsOf(await file.readRows(every, projection))).toEqual([...every].map(row));
    expect(cache.bytes).toBeGreaterThan(0);
    expect(cache.bytes).toBeLessThan((1 << 20) + 100_000);
  });

  it('keeps no pages when it is told so', async () => {
    const store = stored();
    const cache = new ParquetFileCache(store.port, { pageBytes: 0 });
    const file = await cache.open('a');
    await file.readRows(Uint32Array.of(10), projection);
    const { requests } = store;
    await file.readRows(Uint32Array.of(10), projection);
    expect(store.requests).toBeGreaterThan(requests);
  });

  it('opens a file again that was forgotten, or failed', async () => {
    const store = stored();
    const cache = new ParquetFileCache(store.port);
    const file = await cache.open('a');
    cache.forget('a');
    expect(await cache.open('a')).not.toBe(file);
    await expect(cache.open('b')).rejects.toMatchObject({ code: 'object-store/not-found' });
    store.files.set('b', bytes);
    expect((await cache.open('b')).rows).toBe(ROWS);
  });
});

describe('values that were used least recently', () => {
  it('go first, and are not kept when they are too large', () => {
    const kept = new LeastRecentlyUsed<number>(10);
    kept.set('a', 1, 4);
    kept.set('b', 2, 4);
    expect(kept.get('a')).toBe(1);
    kept.set('c', 3, 4);
    expect([kept.get('a'), kept.get('b'), kept.get('c')]).toEqual([1, undefined, 3]);
    kept.set('d', 4, 11);
    expect(kept.get('d')).toBeUndefined();
    kept.set('a', 5, 2);
    expect(kept.get('a')).toBe(5);
    expect(kept.bytes).toBe(6);
    kept.delete('a');
    kept.delete('none');
    expect(kept.bytes).toBe(4);
  });
});
