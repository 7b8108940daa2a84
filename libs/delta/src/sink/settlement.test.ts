import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ObjectStore, StagedSnapshot } from '@cdc-demo/cdc-core';
import { temporaryStore } from '../storage.fixture.ts';
import { referencedFiles } from '../vacuum/referenced-files.ts';
import {
  UUID,
  changes,
  feedRows,
  logLines,
  openTable,
  point,
  rowsOf,
  schema,
  tableRows,
} from './sink.fixture.ts';
import type { Row, TestChange } from './sink.fixture.ts';
import type { TendedTableSink } from '@cdc-demo/lake-core';

const row = (id: number, name: string): Row => [BigInt(id), name, UUID];
const line = (id: number, name: string): string => `{"id":${id},"name":"${name}","uid":"${UUID}"}`;

describe('rows that were read at several instants', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let store: ObjectStore;
  beforeEach(async () => {
    files = await temporaryStore();
    store = files.store;
  });
  afterEach(() => files[Symbol.asyncDispose]());

  async function staged(sink: TendedTableSink, from: number, to: number): Promise<StagedSnapshot> {
    const stage = await sink.stageSnapshot(schema);
    const rows = Array.from({ length: to - from }, (_, i) => row(from + i, `n${from + i}`));
    await stage.write(rowsOf(schema.fields, rows));
    return structuredClone(await stage.finish());
  }

  /** Settles ids 1 to 400 in two stages with changes that end at `lsns`. */
  async function settled(
    sink: TendedTableSink,
    ...batches: readonly (readonly [lsn: number, list: readonly TestChange[]])[]
  ): Promise<StagedSnapshot> {
    const stages = [await staged(sink, 1, 200), await staged(sink, 200, 401)];
    const settlement = await sink.settleSnapshot(stages, point(100));
    for (const [lsn, list] of batches) {
      await settlement.write(changes(schema, [[lsn, list]]));
      expect(await settlement.commit(point(lsn))).toMatchObject({ outcome: 'committed' });
    }
    return structuredClone(await settlement.finish());
  }

  async function keys(): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of store.list('')) found.push(key);
    return found;
  }

  const odd = Array.from({ length: 200 }, (_, i) => 2 * i + 1);
  const batches: [number, TestChange[]][] = [
    [110, odd.slice(1).map((id) => ({ op: 'delete', old: row(id, ''), keyOnly: true }))],
    [120, [{ op: 'update', row: [1n, 'changed', null], unchanged: [2] }]],
    [130, [{ op: 'insert', row: row(3, 'again') }]],
  ];
  const expected = [
    line(1, 'changed'),
    ...odd.map((id) => line(id + 1, `n${id + 1}`)),
    line(3, 'again'),
  ].toSorted();

  it('become one version 0 whose feed is inserts, seen by nobody before', async () => {
    const sink = await openTable(store);
    const one = await settled(sink, ...batches);
    expect(one).toMatchObject({ rows: 202 });
    await expect(tableRows(store)).rejects.toMatchObject({ code: 'delta/not-a-table' });
    const published = await sink.publishSnapshot([one], point(130));
    expect(published).toMatchObject({ version: 0n, stats: { inserted: 202 } });
    expect(await tableRows(store)).toEqual(expected);
    expect(await feedRows(store, 0n)).toEqual(expected.map((each) => `insert ${each}`));
    // Not every reader leaves deleted rows out of the feed of added files.
    const log = JSON.stringify(await logLines(store, 0));
    expect(log).not.toContain('deletionVector');
    expect((await keys()).filter((key) => key.startsWith('_'))).toEqual([
      '_delta_log/00000000000000000000.json',
    ]);
  });

  it('have a feed of inserts also when so many batches settled them that a checkpoint came', async () => {
    const sink = await openTable(store);
    const many = Array.from({ length: 120 }, (_, i): [number, TestChange[]] => [
      110 + i,
      [{ op: 'insert', row: row(1000 + i, `n${1000 + i}`) }],
    ]);
    const one = await settled(sink, ...many);
    expect((await keys()).some((key) => /^_unpublished.*checkpoint/.test(key))).toBe(true);
    await sink.publishSnapshot([one], point(230));
    const rows = await tableRows(store);
    expect(rows).toHaveLength(520);
    expect(await feedRows(store, 0n)).toEqual(rows.map((each) => `insert ${each}`));
  });

  it('take changes on after they were published', async () => {
    const sink = await openTable(store);
    await sink.publishSnapshot([await settled(sink, ...batches)], point(130));
    await sink.close();
    const later = await openTable(store);
    await later.write(changes(schema, [[140, [{ op: 'delete', old: row(2, 'n2') }]]]));
    expect(await later.commit(point(140))).toMatchObject({ version: 1n });
    expect(await tableRows(store)).toEqual(expected.filter((each) => each !== line(2, 'n2')));
    expect(await feedRows(store, 1n)).toEqual([`delete ${line(2, 'n2')}`]);
  });

  it('leave no file behind that the published table does not have', async () => {
    const sink = await openTable(store);
    await sink.publishSnapshot([await settled(sink, ...batches)], point(130));
    const named = await referencedFiles(store, 0);
    expect((await keys()).filter((key) => !key.startsWith('_delta_log/'))).toEqual(
      [...named].toSorted(),
    );
  });

  it('leave nothing behind when the process ends right behind their publication', async () => {
    const sink = await openTable(store);
    await sink.publishSnapshot([await settled(sink, ...batches)], point(130));
    const clean = await keys();
    const orphan = 'part-00000000-0000-4000-8000-000000000000.snappy.parquet';
    await store.put(orphan, Buffer.from('x'));
    const log = Buffer.from(JSON.stringify({ add: { path: orphan, size: 1 } }));
    await store.put(`_unpublished/1-a/_delta_log/${'0'.padStart(20, '0')}.json`, log);
    await openTable(store);
    expect(await keys()).toEqual(clean);
  });

  it('are published also beside a log of which only a part is there', async () => {
    const sink = await openTable(store);
    const one = await settled(sink, ...batches);
    await store.put(`_unpublished/torn/_delta_log/${'2'.padStart(20, '0')}.json`, Buffer.from(''));
    await sink.publishSnapshot([one], point(130));
    expect((await keys()).filter((key) => key.startsWith('_unpublished'))).toEqual([]);
    expect(await tableRows(store)).toEqual(expected);
  });

  it('follow a truncate and an added column', async () => {
    const sink = await openTable(store);
    const settlement = await sink.settleSnapshot([await staged(sink, 1, 5)], point(100));
    const wider = {
      ...schema,
      version: 2,
      fields: [
        ...schema.fields,
        { id: 4, name: 'more', type: { kind: 'string' }, nullable: true } as const,
      ],
    };
    await settlement.write(changes(schema, [[110, [{ op: 'truncate' }]]]));
    await settlement.commit(point(110));
    await settlement.write(changes(wider, [[120, [{ op: 'insert', row: [...row(9, 'i'), 'm'] }]]]));
    await settlement.commit(point(120));
    await sink.publishSnapshot([await settlement.finish()], point(120));
    expect(await tableRows(store)).toEqual([`{"id":9,"name":"i","uid":"${UUID}","more":"m"}`]);
  });

  it('leave nothing that the next run does not sweep', async () => {
    const sink = await openTable(store);
    await settled(sink, ...batches);
    const unfinished = await keys();
    expect(unfinished.some((key) => key.startsWith('_unpublished/'))).toBe(true);
    expect(unfinished.some((key) => key.startsWith('deletion_vector_'))).toBe(true);
    const next = await openTable(store);
    const kept = await staged(next, 1, 3);
    await next.sweepStaged([kept]);
    expect(await keys()).toHaveLength(1);
    await next.publishSnapshot([kept], point(100));
    expect(await tableRows(store)).toEqual([line(1, 'n1'), line(2, 'n2')]);
  });

  it('are not disturbed by an earlier run that goes on', async () => {
    const earlier = await openTable(store);
    const stages = [await staged(earlier, 1, 3)];
    const zombie = await earlier.settleSnapshot(stages, point(100));
    const later = await openTable(store, {}, { pipeline: 'p', incarnation: 2 });
    await later.sweepStaged(stages);
    const settlement = await later.settleSnapshot(stages, point(100, { incarnation: 2 }));
    await zombie.write(changes(schema, [[110, [{ op: 'delete', old: row(1, '') }]]]));
    await Promise.allSettled([zombie.commit(point(110))]);
    await settlement.write(changes(schema, [[120, [{ op: 'insert', row: row(7, 'x') }]]]));
    await settlement.commit(point(120, { incarnation: 2 }));
    await later.publishSnapshot([await settlement.finish()], point(120, { incarnation: 2 }));
    expect(await tableRows(store)).toEqual([line(1, 'n1'), line(2, 'n2'), line(7, 'x')]);
  });
});
