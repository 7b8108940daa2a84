import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TransactionAssembler, postgresPosition } from '@cdc-demo/cdc-core';
import type { ChangeBatch, SpilledChanges } from '@cdc-demo/cdc-core';
import { LocalSpillSpace } from '@cdc-demo/object-store';
import fc from 'fast-check';
import { temporaryStore } from '../storage.fixture.ts';
import type { TendedTableSink } from '@cdc-demo/lake-core';
import {
  UUID,
  appendChange,
  feedRows,
  openTable,
  point,
  schema,
  tableRows,
} from './sink.fixture.ts';
import type { Row, TestChange } from './sink.fixture.ts';

let folder: string;
let space: LocalSpillSpace;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spilled-'));
  space = new LocalSpillSpace({ folder });
});

afterAll(async () => {
  expect(space.usedBytes).toBe(0);
  expect(await readdir(folder)).toEqual([]);
  await rm(folder, { recursive: true });
});

const operation = fc.record({
  kind: fc.constantFrom('insert', 'insert', 'update', 'update', 'delete', 'move', 'truncate'),
  id: fc.nat(15),
  to: fc.nat(15),
  text: fc.nat(99),
  isFull: fc.boolean(),
  sendsName: fc.boolean(),
  rare: fc.nat(9),
});
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** What a source would send for the operation, which `rows` follow; nothing if it cannot be. */
function changeOf(op: Operation, rows: Map<number, Row>): TestChange | undefined {
  const old = rows.get(op.id);
  const row = (id: number): Row => [BigInt(id), `name ${op.text}`, op.text % 3 === 0 ? UUID : null];
  if (op.kind === 'truncate') {
    if (op.rare > 0) return undefined;
    rows.clear();
    return { op: 'truncate' };
  }
  if (op.kind === 'insert') {
    if (old) return undefined;
    rows.set(op.id, row(op.id));
    return { op: 'insert', row: row(op.id) };
  }
  if (!old) return undefined;
  if (op.kind === 'delete') {
    rows.delete(op.id);
    return { op: 'delete', old, keyOnly: !op.isFull };
  }
  const to = op.kind === 'move' ? op.to : op.id;
  if (to !== op.id && rows.has(to)) return undefined;
  const wanted = row(to);
  const isSent = op.isFull || op.sendsName;
  const next: Row = isSent ? wanted : [wanted[0]!, old[1]!, wanted[2]!];
  rows.delete(op.id);
  rows.set(to, next);
  const unchanged = isSent ? [] : [1];
  if (op.isFull) return { op: 'update', row: next, old };
  if (to === op.id) return { op: 'update', row: next, unchanged };
  return { op: 'update', row: next, unchanged, old: [old[0]!, null, null], keyOnly: true };
}

/** The changes as one transaction that goes to disk every `spillEvery` changes. */
async function spilled(
  list: readonly TestChange[],
  end: number,
  spillEvery: number,
): Promise<{ parts: (ChangeBatch | SpilledChanges)[]; release: () => Promise<void> }> {
  const assembler = new TransactionAssembler();
  const at = { commit: postgresPosition(BigInt(end - 1)), committedAtUs: 1n, id: BigInt(end) };
  assembler.begin(at);
  for (const [i, change] of list.entries()) {
    appendChange(assembler.batchFor(schema), change, i);
    if ((i + 1) % spillEvery === 0) await assembler.spill(space);
  }
  assembler.commit(postgresPosition(BigInt(end)));
  const group = assembler.take();
  const tables = group?.spilled.flatMap((transaction) => transaction.tables) ?? [];
  return {
    parts: [...(group?.batches ?? []), ...tables],
    release: async () => {
      for (const transaction of group?.spilled ?? []) await transaction.release();
    },
  };
}

async function write(
  sink: TendedTableSink,
  parts: readonly (ChangeBatch | SpilledChanges)[],
  end: number,
): Promise<bigint> {
  for (const part of parts) await sink.write(part);
  const done = await sink.commit(point(end));
  if (done.outcome === 'unchanged') return -1n;
  if (done.outcome !== 'committed') throw new Error(done.outcome);
  return done.version;
}

describe('a transaction that did not fit into memory', () => {
  test.each(['upsert', 'append'] as const)(
    'gives the rows and the feed that it would have given from memory, in %s mode',
    async (mode) => {
      const commits = fc.array(fc.array(operation, { maxLength: 40 }), {
        minLength: 1,
        maxLength: 4,
      });
      const limits = fc.record({
        spillEvery: fc.integer({ min: 1, max: 9 }),
        planBytes: fc.nat(400),
      });
      await fc.assert(
        fc.asyncProperty(commits, limits, async (workload, { spillEvery, planBytes }) => {
          await using inMemory = await temporaryStore();
          await using onDisk = await temporaryStore();
          const options = { mode, spill: space, planBytes, targetFileRows: 7 };
          const plain = await openTable(inMemory.store, { mode });
          const sink = await openTable(onDisk.store, options);
          await plain.create(schema, point(1));
          await sink.create(schema, point(1));
          const rows = new Map<number, Row>();
          for (const [i, operations] of workload.entries()) {
            const list = operations.flatMap((op) => changeOf(op, rows) ?? []);
            const end = 10 * (i + 1);
            const whole = await spilled(list, end, Number.MAX_SAFE_INTEGER);
            const parts = await spilled(list, end, spillEvery);
            const version = await write(plain, whole.parts, end);
            expect(await write(sink, parts.parts, end)).toBe(version);
            await parts.release();
            expect(await tableRows(onDisk.store)).toEqual(await tableRows(inMemory.store));
            if (version < 0n || mode === 'append') continue;
            const feed = await feedRows(inMemory.store, version);
            expect(await feedRows(onDisk.store, version)).toEqual(feed);
          }
          await Promise.all([plain.close(), sink.close()]);
        }),
        { numRuns: 15 },
      );
    },
    120_000,
  );

  test('is planned in memory where the sink has no disk', async () => {
    await using place = await temporaryStore();
    const sink = await openTable(place.store);
    await sink.create(schema, point(1));
    const list: TestChange[] = [
      { op: 'insert', row: [1n, 'a', null] },
      { op: 'insert', row: [2n, 'b', null] },
      { op: 'delete', old: [1n, 'a', null] },
    ];
    const { parts, release } = await spilled(list, 10, 1);
    expect(await write(sink, parts, 10)).toBe(1n);
    await release();
    expect(await tableRows(place.store)).toEqual(['{"id":2,"name":"b","uid":null}']);
  });

  test('leaves no file behind when it cannot be planned', async () => {
    await using place = await temporaryStore();
    const sink = await openTable(place.store, { spill: space, planBytes: 1 });
    await sink.create(schema, point(1));
    const list: TestChange[] = [
      { op: 'insert', row: [1n, 'a', null] },
      { op: 'update', row: [2n, 'b', null], unchanged: [1] },
    ];
    const { parts, release } = await spilled(list, 10, 1);
    for (const part of parts) await sink.write(part);
    await expect(sink.commit(point(10))).rejects.toMatchObject({ code: 'lake/value-unknown' });
    await release();
    const keys: string[] = [];
    for await (const { key } of place.store.list('')) keys.push(key);
    expect(keys).toEqual(['_delta_log/00000000000000000000.json']);
  });
});
