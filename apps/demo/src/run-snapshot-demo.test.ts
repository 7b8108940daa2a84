import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { IcebergTable, IcebergTableWriter } from '@cdc-demo/iceberg';
import { systemClock } from '@cdc-demo/pipeline';
import { ICEBERG_TABLES, createIcebergTables } from './iceberg-tables.ts';
import { runSnapshotDemo } from './run-snapshot-demo.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'snapshot-demo-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('the snapshot demo', () => {
  it('shows each step with its command, and every check holds', async () => {
    const lines: string[] = [];
    const print = (line = ''): void => void lines.push(...line.split('\n'));
    expect(await runSnapshotDemo({ folder, print })).toBe(true);
    expect(lines.filter((line) => line.includes('✗'))).toEqual([]);
    expect(lines.filter((line) => line.startsWith('   $ ')).length).toBeGreaterThanOrEqual(7);
    expect(lines).toContain('     UPDATE_BEFORE {"account_id":2,"owner":"Bo","balance":"250.50"}');
    expect(lines).toContain('     DELETE        {"account_id":1,"owner":"Ada","balance":"100.00"}');
    expect(lines).toContain('   partitioned by account_id_bucket_2');
    const end = `. The tables lie in ${folder}`;
    expect(lines.at(-1)).toMatch(/^all \d+ checks hold/);
    expect(lines.at(-1)).toContain(end);
  });
});

describe('the initialisation of the tables', () => {
  it('creates what is missing, and leaves what is there', async () => {
    const made = await createIcebergTables(folder, systemClock);
    expect(made.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'accounts created',
      'customers_analytics created',
    ]);
    const table = await IcebergTable.open(join(folder, 'customers_analytics'));
    expect((await table.info()).partitionFields).toEqual([
      { name: 'registration_date_year', transform: 'year' },
    ]);
    await rm(join(folder, 'accounts'), { recursive: true });
    const again = await createIcebergTables(folder, systemClock);
    expect(again.map(({ state }) => state)).toEqual(['created', 'there already']);
  });

  it('refuses a table that has other columns', async () => {
    const fields = ICEBERG_TABLES['accounts']?.fields.slice(0, 1) ?? [];
    await IcebergTableWriter.create(join(folder, 'accounts'), { fields }, { clock: systemClock });
    await expect(createIcebergTables(folder, systemClock)).rejects.toThrow('has other columns');
  });
});
