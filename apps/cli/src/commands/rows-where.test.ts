import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import { DeltaTableWriter } from '@cdc-demo/delta';
import { systemClock } from '@cdc-demo/pipeline';
import { createProgram } from '../program.ts';

const FIELDS = [
  { id: 0, name: 'id', type: { kind: 'int', bits: 64 }, nullable: false },
  { id: 0, name: 'name', type: { kind: 'string' }, nullable: true },
] as const;

describe('table rows and files with --where', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'cli-where-'));
    const table = { name: 't', fields: FIELDS, key: ['id'] };
    const writer = await DeltaTableWriter.create(folder, table, { clock: systemClock });
    for (const names of [
      ['Ada', 'Bo'],
      ['Cy', null],
    ] as const) {
      const rows = new ColumnBatch(FIELDS);
      for (const name of names) rows.appendRow([BigInt(name?.length ?? 9), name]);
      await writer.append(rows);
    }
    await writer.close();
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function run(...args: readonly string[]): Promise<readonly [number, string, string]> {
    const written = { stdout: '', stderr: '' };
    const spies = (['stdout', 'stderr'] as const).map((name) =>
      jest.spyOn(process[name], 'write').mockImplementation((chunk) => {
        written[name] += String(chunk);
        return true;
      }),
    );
    try {
      const code = await createProgram().main(['table', ...args]);
      return [code, written.stdout, written.stderr];
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  }

  it('prints the rows for which it is true, of any columns', async () => {
    const where = "id <= 3 AND (name LIKE 'A%' OR name = 'Bo')";
    expect(await run('rows', folder, '--where', where)).toEqual([
      0,
      '{"id":3,"name":"Ada"}\n{"id":2,"name":"Bo"}\n',
      '',
    ]);
    expect(await run('rows', folder, '--columns', 'id', '--where', 'name IS NULL')).toEqual([
      0,
      '{"id":9}\n',
      '',
    ]);
  });

  it('lists the files that may hold such rows', async () => {
    const [code, files] = await run('files', folder, '--where', 'id > 8');
    expect(code).toBe(0);
    expect(files.trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(files)).toMatchObject({ records: { kind: 'exact', records: 2 } });
  });

  it.each([
    ['id = ', /character 6: a value is expected/],
    ["id = 'x'", /character 6: a value of the type int64/],
    ['nobody = 1', /column nobody is not there/],
  ])('%j is refused with its place and the remedy', async (where, says) => {
    const [code, output, error] = await run('rows', folder, '--where', where);
    expect([code, output]).toEqual([2, '']);
    expect(error).toMatch(says);
    expect(error).toContain('remedy: Name columns that the table has');
  });
});
