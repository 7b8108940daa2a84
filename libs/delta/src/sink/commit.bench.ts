import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ChangeBatch,
  ColumnBatch,
  DELETE,
  INSERT,
  UPDATE,
  postgresPosition,
  silentLogger,
} from '@cdc-demo/cdc-core';
import type { Clock, Field, FieldType, FieldValue, TableSchema } from '@cdc-demo/cdc-core';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { DeltaSink } from './delta-sink.ts';

const types: readonly FieldType[] = [
  { kind: 'int', bits: 64 },
  { kind: 'string' },
  { kind: 'string' },
  { kind: 'int', bits: 32 },
  { kind: 'decimal', precision: 12, scale: 2 },
  { kind: 'timestamp', zone: 'utc' },
  { kind: 'date' },
  { kind: 'boolean' },
  { kind: 'float', bits: 64 },
  { kind: 'uuid' },
];
const fields: readonly Field[] = types.map((type, i) => ({
  id: i + 1,
  name: `c${i}`,
  type,
  nullable: i > 0,
}));
const schema: TableSchema = {
  table: { namespace: 'public', name: 'b' },
  version: 1,
  fields,
  key: [0],
};

const row = (id: number, version: number): FieldValue[] => [
  BigInt(id),
  `customer number ${id} v${version}`,
  ['new', 'open', 'paid', 'closed'][id % 4]!,
  id % 1000,
  BigInt(id * 7 + version),
  1_700_000_000_000_000n + BigInt(id),
  19_000 + (id % 300),
  id % 2 === 0,
  id * 1.5,
  `00000000-0000-4000-8000-${String(id).padStart(12, '0')}`,
];

const clock: Clock = {
  nowMs: () => new Date().getTime(),
  monotonicMs: () => performance.now(),
  sleep: () => Promise.resolve(),
};

/** 50 % inserts, 30 % updates, 20 % deletes with full images. */
function mixed(changes: number, next: { id: number; low: number }, version: number): ChangeBatch {
  const batch = new ChangeBatch(schema, changes);
  const { images } = batch;
  for (let i = 0; i < changes; i++) {
    const kind = i % 10;
    if (kind < 5) {
      const after = images.appendRow(row(next.id++, version));
      batch.append(INSERT, { before: -1, after, beforeIsFull: false }, i);
    } else if (kind < 8) {
      const id = next.low + 200_000 + ((i * 7919) % 500_000);
      const before = images.appendRow(row(id, 0));
      const after = images.appendRow(row(id, version));
      batch.append(UPDATE, { before, after, beforeIsFull: true }, i);
    } else {
      const before = images.appendRow(row(next.low++, 0));
      batch.append(DELETE, { before, after: -1, beforeIsFull: true }, i);
    }
  }
  const end = postgresPosition(BigInt(version) * 1000n);
  batch.transactions.push({ commit: end, end, committedAtUs: 0n, id: 1n });
  return batch;
}

async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'delta-bench-'));
  const store = new LocalObjectStore(folder);
  const writer = { pipeline: 'bench', incarnation: 1 };
  const point = (version: number) => ({
    ...writer,
    position: postgresPosition(BigInt(version) * 1000n),
    batch: version,
    committedAtUs: 0n,
  });
  const sink = new DeltaSink({ location: () => store, clock, logger: silentLogger }).table(
    schema.table,
  );
  await sink.open(writer);
  const stage = await sink.stageSnapshot(schema);
  const rows = 1_000_000;
  const chunks: ColumnBatch[] = [];
  for (let start = 0; start < rows; start += 10_000) {
    const batch = new ColumnBatch(fields, 10_000);
    for (let i = 0; i < 10_000; i++) batch.appendRow(row(start + i, 0));
    chunks.push(batch);
  }
  let at = performance.now();
  for (const chunk of chunks) await stage.write(chunk);
  const staged = await stage.finish();
  const took = performance.now() - at;
  console.log(
    `stage ${rows} rows: ${took.toFixed(0)} ms, ${((rows / took) * 1000).toFixed(0)} rows/s, ${staged.bytes} bytes`,
  );
  await sink.publishSnapshot([staged], point(1));
  const next = { id: rows, low: 0 };
  let version = 2;
  for (const size of [10, 100_000, 100_000, 100_000, 100_000, 10, 10, 10, 10, 10, 1000, 1000]) {
    const batch = mixed(size, next, version);
    const cpu = process.cpuUsage();
    at = performance.now();
    await sink.write(batch);
    const done = await sink.commit(point(version));
    const ms = performance.now() - at;
    const { user, system } = process.cpuUsage(cpu);
    const cpuMs = (user + system) / 1000;
    if (done.outcome !== 'committed') throw new Error(done.outcome);
    console.log(
      `commit ${size}: ${ms.toFixed(1)} ms, ${((ms * 1000) / size).toFixed(2)} µs/change, CPU ${cpuMs.toFixed(1)} ms`,
    );
    version++;
  }
  await sink.close();
  await rm(folder, { recursive: true });
}

await main();
