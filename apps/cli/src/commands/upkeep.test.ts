import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import { DeltaTable, DeltaTableWriter } from '@cdc-demo/delta';
import { IcebergTable, IcebergTableWriter } from '@cdc-demo/iceberg';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { systemClock } from '@cdc-demo/pipeline';
import { createProgram } from '../program.ts';

const FIELDS = [{ id: 0, name: 'id', type: { kind: 'int', bits: 64 }, nullable: false }] as const;

interface Ran {
  readonly code: number;
  readonly lines: readonly unknown[];
  readonly complaints: string;
}

async function runTable(folder: string, args: readonly string[]): Promise<Ran> {
  let [text, complaints] = ['', ''];
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += String(chunk);
    return true;
  });
  const complain = jest.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    complaints += String(chunk);
    return true;
  });
  try {
    const [name = '', ...flags] = args;
    const code = await createProgram().main(['table', name, folder, ...flags]);
    const lines = text.split('\n').filter((line) => line !== '');
    return { code, lines: lines.map((line): unknown => JSON.parse(line)), complaints };
  } finally {
    write.mockRestore();
    complain.mockRestore();
  }
}

describe('upkeep from the command line', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cli-upkeep-'));
    const writer = await DeltaTableWriter.create(
      folder,
      { name: 't', fields: FIELDS, key: ['id'] },
      { clock: systemClock },
    );
    for (const id of [1n, 2n, 3n]) {
      const rows = new ColumnBatch(FIELDS);
      rows.appendRow([id]);
      await writer.append(rows);
    }
    await writer.close();
  });
  afterEach(() => rm(folder, { recursive: true }));

  const run = (...args: readonly string[]): Promise<Ran> => runTable(folder, args);

  async function ids(): Promise<unknown[]> {
    const found: unknown[] = [];
    for await (const batch of (await DeltaTable.open(folder)).rows()) {
      for (let row = 0; row < batch.length; row++) found.push(batch.row(row)[0]);
    }
    return found;
  }

  it('optimize merges the files, in order, and has nothing to do a second time', async () => {
    expect(await run('optimize')).toMatchObject({
      code: 0,
      lines: [{ removedFiles: 3, addedFiles: 1, version: 4 }],
    });
    expect(await ids()).toEqual([1n, 2n, 3n]);
    expect(await run('optimize', '--deleted-share', '0.5')).toMatchObject({
      lines: [{ removedFiles: 0, addedFiles: 0, version: 4 }],
    });
  });

  it('vacuum lists, then deletes, what the merge has left once it is old enough', async () => {
    await run('optimize');
    expect(await run('vacuum')).toMatchObject({ code: 0, lines: [{ deletedFiles: 0 }] });
    const old = new Date(Date.now() - 7_200_000);
    for await (const { key } of new LocalObjectStore(folder).list('part-')) {
      await utimes(join(folder, key), old, old);
    }
    const forced = ['--retention-hours', '0', '--force'];
    const listed = await run('vacuum', '--dry-run', ...forced);
    expect(listed.lines).toHaveLength(4);
    expect(listed.lines[3]).toMatchObject({ deletedFiles: 3, dryRun: true });
    expect((await run('vacuum', ...forced)).lines[3]).toMatchObject({ deletedFiles: 3 });
    expect((await run('vacuum', ...forced)).lines).toMatchObject([{ deletedFiles: 0 }]);
    expect(await ids()).toEqual([1n, 2n, 3n]);
  });

  it('a retention below that of the table is refused, and so are numbers that are none', async () => {
    expect((await run('vacuum', '--retention-hours', '1')).code).toBe(2);
    expect((await run('vacuum', '--retention-hours', 'soon')).code).toBe(2);
    expect((await run('optimize', '--deleted-share', '2')).code).toBe(2);
  });

  it('expire is told that a Delta table has no snapshots', async () => {
    const { code, complaints } = await run('expire');
    expect(code).toBe(2);
    expect(complaints).toContain('use clean-log, then vacuum');
  });

  it('clean-log keeps a log that is young', async () => {
    expect(await run('clean-log')).toMatchObject({
      code: 0,
      lines: [{ deletedFiles: 0, deletedBytes: 0, oldestVersion: 0 }],
    });
  });
});

describe('upkeep of an Iceberg table from the command line', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cli-upkeep-'));
    const writer = await IcebergTableWriter.create(
      folder,
      { fields: FIELDS, key: ['id'] },
      { clock: systemClock },
    );
    for (const id of [1n, 2n, 3n]) {
      const rows = new ColumnBatch(FIELDS);
      rows.appendRow([id]);
      await writer.append(rows);
    }
  });
  afterEach(() => rm(folder, { recursive: true }));

  const run = (...args: readonly string[]): Promise<Ran> => runTable(folder, args);
  const ids = async (): Promise<unknown[]> => {
    const found: unknown[] = [];
    for await (const batch of (await IcebergTable.open(folder)).rows()) {
      for (let row = 0; row < batch.length; row++) found.push(batch.row(row)[0]);
    }
    return found.sort();
  };

  it('optimize merges the files, and has nothing to do a second time', async () => {
    expect(await run('optimize')).toMatchObject({
      code: 0,
      lines: [{ removedFiles: 3, addedFiles: 1, snapshotId: expect.anything() }],
    });
    expect(await run('optimize')).toMatchObject({ lines: [{ removedFiles: 0 }] });
    expect(await ids()).toEqual([1n, 2n, 3n]);
  });

  it('expire lists, then removes snapshots and their files; a tag keeps its own', async () => {
    const [first] = (await IcebergTable.open(folder)).snapshots;
    expect(await run('tag', 'kept', '--snapshot', String(first?.id))).toMatchObject({
      code: 0,
      lines: [{ name: 'main' }, { name: 'kept', type: 'tag' }],
    });
    await run('optimize');
    const planned = await run('expire', '--keep', '1', '--dry-run');
    expect(planned.lines.at(-1)).toMatchObject({ expiredSnapshots: 2, dryRun: true });
    expect((await IcebergTable.open(folder)).snapshots).toHaveLength(4);
    const done = await run('expire', '--keep', '1');
    expect(done.lines).toHaveLength(planned.lines.length);
    expect(done.lines.at(-1)).toMatchObject({ expiredSnapshots: 2, dryRun: false });
    expect((await run('expire', '--older-than-hours', '0')).lines).toMatchObject([
      { expiredSnapshots: 0 },
    ]);
    expect(await ids()).toEqual([1n, 2n, 3n]);
    expect((await run('rows', '--ref', 'kept')).lines).toEqual([{ id: 1 }]);
  });

  it('vacuum deletes what nothing names once it is old enough', async () => {
    const store = new LocalObjectStore(folder);
    await store.put('data/orphan.parquet', Buffer.from('x'));
    expect((await run('vacuum')).lines).toMatchObject([{ deletedFiles: 0 }]);
    const old = new Date(Date.now() - 4 * 24 * 3_600_000);
    await utimes(join(folder, 'data/orphan.parquet'), old, old);
    const listed = await run('vacuum', '--dry-run');
    expect(listed.lines).toMatchObject([{ path: 'data/orphan.parquet' }, { deletedFiles: 1 }]);
    expect((await run('vacuum')).lines).toMatchObject([{}, { deletedFiles: 1, dryRun: false }]);
    expect((await run('vacuum')).lines).toMatchObject([{ deletedFiles: 0 }]);
  });

  it('branches and tags are made, changed and dropped', async () => {
    await run('branch', 'audit', '--keep-snapshots', '5', '--snapshot-days', '2');
    expect((await run('branch', 'audit', '--replace', '--keep-days', '9')).lines).toMatchObject([
      { name: 'main' },
      {
        name: 'audit',
        type: 'branch',
        minSnapshotsToKeep: 5,
        maxSnapshotAgeMs: 2 * 86_400_000,
        maxRefAgeMs: 9 * 86_400_000,
      },
    ]);
    expect((await run('tag', 'end', '--keep-days', '1')).lines).toHaveLength(3);
    expect((await run('tag', 'end', '--replace', '--keep-days', '2')).code).toBe(0);
    expect((await run('tag', 'end', '--drop')).lines).toHaveLength(2);
    expect((await run('branch', 'audit', '--drop')).lines).toMatchObject([{ name: 'main' }]);
  });

  it.each([
    [['clean-log'], 'use expire'],
    [['vacuum', '--retention-hours', '1'], 'being made'],
    [['vacuum', '--retention-hours', 'soon'], 'a number of hours'],
    [['expire', '--keep', '0'], 'a number above 0'],
    [['expire', '--keep', 'all'], 'a number above 0'],
    [['expire', '--older-than-hours', '-1'], 'a number of hours'],
    [['optimize', '--deleted-share', '2'], 'above 0, at most 1'],
    [['tag', 'x', '--snapshot', 'newest'], 'a version number'],
    [['tag', 'x', '--snapshot', '5'], 'has no snapshot 5'],
    [['tag', 'main'], 'already'],
    [['tag', 'none', '--drop'], 'has no tag none'],
    [['branch', 'main', '--drop'], 'cannot be dropped'],
  ])('%j is refused in words', async (args, words) => {
    const { code, complaints } = await run(...args);
    expect(code).toBe(2);
    expect(complaints).toContain(words);
  });
});
