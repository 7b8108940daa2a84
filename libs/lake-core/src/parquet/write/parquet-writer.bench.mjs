// Speed of the Parquet encoder: `npx tsc -b libs/lake-core`, then run this file with node.
//
// Ten mixed columns as a table of orders has them, out of one batch into an output that forgets;
// then small files as one commit writes them.
import { ColumnBatch } from '@cdc-demo/cdc-core';
import { ParquetWriter } from '@cdc-demo/lake-core';

const ROWS = 1_000_000;
const BATCH_ROWS = 100_000;
const SMALL_ROWS = 500;
const ROUNDS = 5;

const types = {
  id: { kind: 'int', bits: 64 },
  customer_id: { kind: 'int', bits: 64 },
  quantity: { kind: 'int', bits: 32 },
  points: { kind: 'int', bits: 32 },
  created_at: { kind: 'timestamp', zone: 'utc' },
  amount: { kind: 'decimal', precision: 12, scale: 2 },
  score: { kind: 'float', bits: 64 },
  name: { kind: 'string' },
  city: { kind: 'string' },
  note: { kind: 'string' },
};
const fields = Object.entries(types).map(([name, type], i) => ({
  id: i + 1,
  name,
  type,
  nullable: i > 0,
}));

let state = 42;
function below(limit) {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return Math.floor(((state >>> 0) / 2 ** 32) * limit);
}

function word(length) {
  return Array.from({ length }, () => String.fromCharCode(97 + below(26))).join('');
}

function orders() {
  const batch = new ColumnBatch(fields, BATCH_ROWS);
  for (let i = 0; i < BATCH_ROWS; i++) {
    const at = 1_750_000_000_000_000n + BigInt(i) * 1_000_003n + BigInt(below(1e6));
    batch.appendRow([
      BigInt(i),
      BigInt(below(1e6)),
      i % 5 === 0 ? null : 1 + below(20),
      below(1e6),
      at,
      BigInt(below(1e6)),
      below(2 ** 32) / 1000,
      word(6 + below(8)),
      `City ${below(200)}`,
      i % 3 === 0 ? null : `order ${below(1e5)}`,
    ]);
  }
  return batch;
}

async function writeFile(batch, rows, compression) {
  const output = { size: 0, write: async () => {}, close: async () => {}, abort: async () => {} };
  const writer = new ParquetWriter(output, fields, { compression });
  for (let left = rows; left > 0; left -= batch.length) {
    await writer.write(batch, 0, Math.min(left, batch.length));
  }
  return writer.finish();
}

async function measure(work) {
  const cpu = process.cpuUsage();
  const begin = process.hrtime.bigint();
  const result = await work();
  const wallMs = Number(process.hrtime.bigint() - begin) / 1e6;
  const { user, system } = process.cpuUsage(cpu);
  return { result, wallMs, cpuMs: (user + system) / 1e3 };
}

const batch = orders();
for (const compression of ['snappy', 'uncompressed', 'zstd']) {
  let best;
  for (let round = 0; round < ROUNDS; round++) {
    const run = await measure(() => writeFile(batch, ROWS, compression));
    if (best === undefined || run.wallMs < best.wallMs) best = run;
  }
  const rate = (ms) => (ROWS / ms / 1000).toFixed(2);
  console.log(
    `${compression}: ${rate(best.wallMs)} M rows/s (${rate(best.cpuMs)} by CPU time),`,
    `${(best.result.bytes / ROWS).toFixed(1)} bytes a row`,
  );
}

for (const compression of ['snappy', 'zstd']) {
  const files = 300;
  const run = await measure(async () => {
    for (let i = 0; i < files; i++) await writeFile(batch, SMALL_ROWS, compression);
  });
  console.log(
    `${compression}: ${(run.wallMs / files).toFixed(2)} ms a file of ${SMALL_ROWS} rows`,
    `(${(run.cpuMs / files).toFixed(2)} ms of CPU time)`,
  );
}
