import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import { DeltaTable, DeltaTableWriter } from '@cdc-demo/delta';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { systemClock } from '@cdc-demo/pipeline';
import { createProgram } from '../program.ts';

const FIELDS = [{ id: 0, name: 'id', type: { kind: 'int', bits: 64 }, nullable: false }] as const;

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

  async function run(...args: readonly string[]): Promise<{ code: number; lines: unknown[] }> {
    let text = '';
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    });
    const complain = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    try {
      const [name = '', ...flags] = args;
      const code = await createProgram().main(['table', name, folder, ...flags]);
      const lines = text.split('\n').filter((line) => line !== '');
      return { code, lines: lines.map((line): unknown => JSON.parse(line)) };
    } finally {
      write.mockRestore();
      complain.mockRestore();
    }
  }

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

  it('clean-log keeps a log that is young', async () => {
    expect(await run('clean-log')).toEqual({
      code: 0,
      lines: [{ deletedFiles: 0, deletedBytes: 0, oldestVersion: 0 }],
    });
  });
});
