import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Clock, UpkeepEvent } from '@cdc-demo/cdc-core';
import { canonicalRows } from '@cdc-demo/cdc-testing';
import { DEFAULT_LAYOUT, parseTableColumns } from '@cdc-demo/lake-core';
import { silentLogger } from '@cdc-demo/cdc-core';
import { FilesystemCatalog } from '../catalog/filesystem-catalog.ts';
import { TableCommits } from '../commit/table-commits.ts';
import { prepareCompaction } from '../compaction/prepare-compaction.ts';
import { stageCompaction } from '../compaction/stage-compaction.ts';
import { IcebergTable } from '../iceberg-table.ts';
import type { TendedTableSink } from '@cdc-demo/lake-core';
import type { IcebergSinkOptions } from '../sink/sink-options.ts';
import {
  TableFolder,
  clock,
  deletes,
  inserts,
  point,
  schema,
} from '../sink/table-folder.fixture.ts';
import { COLUMNS_PROPERTY } from '../sink/table-state.ts';
import { removeOrphans } from './remove-orphans.ts';
import { snapshotPaths } from './snapshot-paths.ts';

const DAY = 24 * 3600 * 1000;
const context = { clock, logger: silentLogger, layout: DEFAULT_LAYOUT };
const pause = (): Promise<void> => Promise.resolve();

describe('a table that is looked after beside its commits', () => {
  let files: TableFolder;
  let lsn: number;
  let events: UpkeepEvent[];
  beforeEach(async () => {
    files = await TableFolder.create();
    lsn = 100;
    events = [];
  });
  afterEach(() => files[Symbol.asyncDispose]());

  const create = (options: Partial<IcebergSinkOptions> = {}): Promise<TendedTableSink> =>
    files.created({ onUpkeep: (event) => events.push(event), ...options });

  async function put(sink: TendedTableSink, ids: readonly number[], name: string): Promise<void> {
    lsn += 10;
    await sink.write(
      inserts(
        schema,
        lsn,
        ids.map((id) => [id, name, 1n]),
      ),
    );
    expect(await sink.commit(point(lsn))).toMatchObject({ outcome: 'committed' });
  }

  async function remove(sink: TendedTableSink, ids: readonly number[]): Promise<void> {
    lsn += 10;
    await sink.write(deletes(lsn, ids));
    expect(await sink.commit(point(lsn))).toMatchObject({ outcome: 'committed' });
  }

  async function commits(): Promise<TableCommits> {
    const { store } = files;
    const version = await new FilesystemCatalog(store, context).load();
    if (!version) throw new Error('There is no table');
    return new TableCommits({ ...context, store }, version);
  }

  async function targetOf(of: TableCommits): Promise<Awaited<ReturnType<TableCommits['target']>>> {
    const { properties, schemas } = of.version.metadata;
    const fields = schemas[0]?.columns.flatMap(({ field }) => field ?? []) ?? [];
    return of.target(parseTableColumns(fields, properties[COLUMNS_PROPERTY] ?? ''));
  }

  it.each([2, 3] as const)(
    'I31: version %i: stays small, and nothing lies about that it does not need',
    async (formatVersion) => {
      const upkeep = { workShare: 1, maxSnapshots: 20 };
      const sink = await create({ formatVersion, upkeep });
      for (let i = 0; i < 100; i++) await put(sink, [i % 7, 100 + i], `n${i}`);
      await sink.idle();
      await sink.close();
      const expected = [
        ...Array.from(
          { length: 7 },
          (_, id) => [id, `n${id + 98 > 99 ? id + 91 : id + 98}`] as const,
        ),
        ...Array.from({ length: 100 }, (_, i) => [100 + i, `n${i}`] as const),
      ].map(([id, name]) => `{"id":${id},"name":"${name}","amount":"0.01"}`);
      expect(await files.rows()).toEqual(expected.toSorted());
      const { metadata } = (await commits()).version;
      expect(metadata.snapshots.length).toBeLessThan(20 + 50 + 10);
      const tasks = events.flatMap((each) => (each.kind === 'table-tended' ? each : []));
      expect(new Set(tasks.map(({ task }) => task))).toEqual(
        new Set(['compact', 'expire-snapshots']),
      );
      expect(tasks.filter(({ outcome }) => outcome === 'failed')).toEqual([]);
      const table = await commits();
      const named = await snapshotPaths(metadata.snapshots, { metadata, files: table.files });
      const keys = new Set(Array.from(named, (path) => table.files.locate(path).key));
      const others = (await files.keys()).filter((key) => !keys.has(key));
      const logged = /^metadata\/(v\d+\.metadata\.json|version-hint\.text)$/;
      expect(others.filter((key) => !logged.test(key))).toEqual([]);
      // The newest metadata, those that its log names, and the hint.
      expect(others.length).toBeLessThanOrEqual(102);
      for (const { id } of metadata.snapshots) {
        const at = await IcebergTable.open(files.path);
        expect((await canonicalRows(at.rows({ snapshotId: id }))).length).toBeGreaterThan(0);
      }
    },
    120_000,
  );

  it('I26: rows keep their ids, and when they were changed, when files are merged', async () => {
    const sink = await create({ upkeep: { minFiles: 3, workShare: 1 } });
    await put(sink, [1, 2, 3], 'a');
    await remove(sink, [2]);
    const lineage = async (): Promise<string[]> =>
      canonicalRows((await IcebergTable.open(files.path)).rows({ lineage: true }));
    await put(sink, [4], 'b');
    await sink.idle();
    const before = await lineage();
    await put(sink, [5], 'c');
    await put(sink, [6], 'd');
    await put(sink, [7], 'e');
    await sink.idle();
    const after = await lineage();
    expect(events.filter((each) => each.kind === 'table-tended')).not.toEqual([]);
    expect(after.filter((row) => before.includes(row))).toEqual(before);
    const ids = after.map((row) => (JSON.parse(row) as { readonly _row_id: number })._row_id);
    expect(new Set(ids).size).toBe(6);
    const table = await IcebergTable.open(files.path);
    const steps = table.metadata.snapshots.filter(({ operation }) => operation === 'replace');
    expect(steps.length).toBeGreaterThan(0);
    await sink.close();
  });

  it.each([2, 3] as const)(
    'I30: version %i: what is deleted while files are merged stays deleted',
    async (formatVersion) => {
      const sink = await create({ upkeep: 'off', formatVersion });
      for (const id of [1, 2, 3]) await put(sink, [id, id + 10], 'a');
      const table = await commits();
      const at = { ...context, store: files.store };
      const target = await targetOf(table);
      const staged = await stageCompaction(at, { target, files: [...target.rows.files], pause });
      await remove(sink, [2]);
      await remove(sink, [3, 13]);
      await table.update();
      const prepared = await prepareCompaction(at, staged, await targetOf(table));
      if (!prepared) throw new Error('It was not prepared');
      expect(await table.publish({ files: prepared.changes })).toBeDefined();
      expect(await files.rows()).toEqual(
        [1, 11, 12].map((id) => `{"id":${id},"name":"a","amount":"0.01"}`),
      );
      const again = await prepareCompaction(at, staged, await targetOf(table));
      expect(again).toBeUndefined();
    },
  );

  it('orphans go once they are old; nothing else does', async () => {
    const sink = await create({ upkeep: 'off' });
    await put(sink, [1, 2], 'a');
    await remove(sink, [1]);
    const before = await files.keys();
    const orphans = ['data/orphan.parquet', 'metadata/orphan-m0.avro', 'metadata/snap-1-1-x.avro'];
    for (const key of orphans) await files.store.put(key, Buffer.from('x'));
    await files.store.put('other/kept.txt', Buffer.from('x'));
    const later: Clock = { ...clock, nowMs: () => Date.now() + 2 * DAY };
    const run = async (of: Clock): Promise<number> => {
      const { version, files: found } = await commits();
      const done = await removeOrphans(files.store, { version, files: found }, { clock: of });
      return done.deletedFiles;
    };
    expect(await run(later)).toBe(0);
    const old = new Date(Date.now() - 2 * DAY);
    for (const key of [...before, ...orphans]) await utimes(join(files.path, key), old, old);
    expect(await run(later)).toBe(3);
    expect(await files.keys()).toEqual([...before, 'other/kept.txt'].toSorted());
    expect(await files.rows()).toEqual(['{"id":2,"name":"a","amount":"0.01"}']);
  });

  it('I29: a writer that slept does not take a number that became free again', async () => {
    const sink = await create({ upkeep: 'off' });
    await put(sink, [1], 'a');
    const sleeper = await commits();
    for (let i = 0; i < 105; i++) await put(sink, [1], `n${i}`);
    expect(await files.keys()).not.toContain('metadata/v3.metadata.json');
    const update = { action: 'set-properties', updates: { x: 'y' } } as const;
    expect(await sleeper.change([update])).toBe(false);
    expect(await files.keys()).not.toContain('metadata/v3.metadata.json');
    expect((await commits()).version.metadata.properties['x']).toBeUndefined();
  }, 60_000);
});
