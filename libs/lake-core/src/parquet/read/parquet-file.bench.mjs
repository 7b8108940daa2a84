// Speed of the Parquet reader: `npx tsc -b libs/lake-core`, then run this file with node.
//
// A file of one row group with ten mixed columns, written by our own encoder to a local folder:
// whole scans, and single rows by position as pre-images are fetched.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import { ParquetFileCache, ParquetWriter, openParquet } from '@cdc-demo/lake-core';
import { openObjectStore } from '@cdc-demo/object-store';

const ROWS = 128_000;
const ROUNDS = 15;
const KEY = 'orders.parquet';

const types = {
  id: { kind: 'int', bits: 64 },
  uuid: { kind: 'uuid' },
  name: { kind: 'string' },
  email: { kind: 'string' },
  amount: { kind: 'decimal', precision: 12, scale: 2 },
  quantity: { kind: 'int', bits: 32 },
  created_at: { kind: 'timestamp', zone: 'utc' },
  active: { kind: 'boolean' },
  note: { kind: 'json' },
  score: { kind: 'float', bits: 64 },
};
const fields = Object.entries(types).map(([name, type], i) => ({
  id: i + 1,
  name,
  type,
  nullable: i > 1,
}));

let state = 42;
function below(limit) {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return Math.floor(((state >>> 0) / 2 ** 32) * limit);
}

function hex(digits) {
  return Array.from({ length: digits }, () => below(16).toString(16)).join('');
}

function orders() {
  const batch = new ColumnBatch(fields, ROWS);
  for (let i = 0; i < ROWS; i++) {
    batch.appendRow([
      BigInt(i),
      `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`,
      `Customer ${below(5000)}`,
      `user${below(1e9)}@example.com`,
      BigInt(below(1e9)),
      i % 10 === 0 ? null : below(1000),
      1_750_000_000_000_000n + BigInt(below(1e13)),
      i % 2 === 0,
      i % 3 === 0 ? null : `{"a": ${below(1e6)}, "tags": ["x", "y"]}`,
      below(2 ** 32) / 1000,
    ]);
  }
  return batch;
}

function positions(count) {
  const chosen = new Set();
  while (chosen.size < count) chosen.add(below(ROWS));
  return Uint32Array.from(chosen).sort();
}

async function report(name, values, work) {
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const begin = process.hrtime.bigint();
    await work();
    best = Math.min(best, Number(process.hrtime.bigint() - begin) / 1e6);
  }
  console.log(`${name}: ${best.toFixed(1)} ms, ${(values / best / 1000).toFixed(1)} M values/s`);
}

async function scan(store, columns) {
  const file = await openParquet(store, KEY);
  let rows = 0;
  for await (const batch of file.read({ fields: columns, match: 'id' })) rows += batch.rows.length;
  if (rows !== ROWS) throw new Error(`${rows} rows were read`);
}

const folder = await mkdtemp(join(tmpdir(), 'parquet-read-'));
const batch = orders();
try {
  for (const compression of ['snappy', 'uncompressed', 'zstd']) {
    const store = openObjectStore(join(folder, compression));
    const output = await store.openWriter(KEY);
    const writer = new ParquetWriter(output, fields, { compression });
    await writer.write(batch);
    await writer.finish();
    await output.close();

    const keys = fields.slice(0, 2);
    await report(`${compression}: two key columns`, ROWS * 2, () => scan(store, keys));
    await report(`${compression}: ten columns`, ROWS * 10, () => scan(store, fields));
    const projection = { fields, match: 'id' };
    for (const count of [1000, 10]) {
      await report(`${compression}: ${count} rows by position`, count * 10, async () => {
        const file = await openParquet(store, KEY);
        await file.readRows(positions(count), projection);
      });
    }
    const cache = new ParquetFileCache(store);
    await report(`${compression}: 1000 rows through the cache`, 10_000, async () => {
      const file = await cache.open(KEY);
      await file.readRows(positions(1000), projection);
    });
  }
} finally {
  await rm(folder, { recursive: true });
}
