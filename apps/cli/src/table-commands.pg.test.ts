import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startPostgres } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { Client } from 'pg';
import { createProgram } from './program.ts';

describe('tables that a pipeline keeps', () => {
  let server: LocalPostgres;
  let client: Client;
  let folder: string;
  /** The position at which an order was taken and its customer's name was still the old one. */
  let cutLsn: string;

  beforeAll(async () => {
    server = await startPostgres({ version: 18 });
    client = new Client({ connectionString: server.url });
    await client.connect();
    folder = await mkdtemp(join(tmpdir(), 'table-commands-'));
    process.env['TABLE_COMMANDS_URL'] = server.url;
    await writeFile(
      join(folder, 'c.yaml'),
      `
pipelines:
  - id: shop
    source:
      type: postgres
      url: \${env:TABLE_COMMANDS_URL}
      tables: [public.customers, public.orders]
    sink: { type: delta, location: '${folder}/lake/{table}' }
    commit: { intervalMs: 50 }
`,
    );
    await client.query(`
      CREATE TABLE customers (id int PRIMARY KEY, name text);
      CREATE TABLE orders (id int PRIMARY KEY, customer int REFERENCES customers);
      INSERT INTO customers VALUES (1, 'Ada'), (2, 'Bo')`);
    await catchUp();
    await client.query(`
      BEGIN;
      INSERT INTO customers VALUES (3, 'Cy');
      INSERT INTO orders VALUES (10, 3);
      COMMIT`);
    await catchUp();
    const { rows } = await client.query<{ lsn: string }>('SELECT pg_current_wal_lsn() AS lsn');
    cutLsn = rows[0]!.lsn;
    await client.query(`UPDATE customers SET name = 'Bob' WHERE id = 2; DELETE FROM orders`);
    await catchUp();
  });
  afterAll(async () => {
    await client.end();
    await server.stop();
    await rm(folder, { recursive: true });
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  async function catchUp(): Promise<void> {
    const args = ['run', '--config', join(folder, 'c.yaml'), '--until-caught-up'];
    expect(await call(args)).toMatchObject({ code: 0 });
  }

  /** What a command ends with and prints to standard output, as JSON lines. */
  async function call(args: readonly string[]) {
    let [out, errors] = ['', ''];
    jest
      .spyOn(process.stdout, 'write')
      .mockImplementation((text) => Boolean((out += String(text))));
    jest
      .spyOn(process.stderr, 'write')
      .mockImplementation((text) => Boolean((errors += String(text))));
    const code = await createProgram().main(args);
    jest.restoreAllMocks();
    const lines = out.split('\n').filter((line) => line.startsWith('{'));
    return {
      code,
      errors,
      lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    };
  }

  const table = (command: string, ...args: readonly string[]) =>
    call(['table', command, join(folder, 'lake/customers'), ...args]);

  it('have a cut: their versions of one position of the source', async () => {
    const cut = (...args: readonly string[]) =>
      call(['table', 'cut', '--config', join(folder, 'c.yaml'), ...args]);
    const versions = ({ lines }: Awaited<ReturnType<typeof cut>>) =>
      (lines[0]!['tables'] as { table: string; version: number }[]).map((each) => [
        each.table,
        each.version,
      ]);
    expect(versions(await cut())).toEqual([
      ['public.customers', 2],
      ['public.orders', 2],
    ]);
    const then = await cut('--position', cutLsn);
    expect(versions(then)).toEqual([
      ['public.customers', 1],
      ['public.orders', 1],
    ]);
    const at = (then.lines[0]!['tables'] as { timestamp: string }[]).map((each) => each.timestamp);
    expect(versions(await cut('--at', at.toSorted().at(-1)!))).toEqual(versions(then));
    expect(await cut('--position', '0/1')).toMatchObject({
      code: 2,
      errors: expect.stringMatching(/Pipeline shop.*remedy: Choose a later position/s),
    });
    expect(await cut('--position', 'yesterday')).toMatchObject({ code: 2 });
    expect(await cut('--pipeline', 'other')).toMatchObject({ code: 2 });
  });

  it('have rows of any version', async () => {
    const names = async (...args: readonly string[]) =>
      (await table('rows', '--columns', 'name', ...args)).lines.map(({ name }) => name).sort();
    expect(await names()).toEqual(['Ada', 'Bob', 'Cy']);
    expect(await names('--version', '0')).toEqual(['Ada', 'Bo']);
    expect((await table('info', '--version', '1')).lines).toMatchObject([{ version: 1 }]);
  });

  it('have feeds that are verified, summed up, and held against a difference', async () => {
    expect(await table('verify', '--every-version')).toMatchObject({
      code: 0,
      lines: [{ from: null, to: 2, rows: 3, result: 'equal' }],
    });
    expect((await table('changes', '--summary', '--from', '2')).lines).toMatchObject([
      { version: 2, insert: 0, update_preimage: 1, update_postimage: 1, delete: 0 },
    ]);
    expect((await table('diff', '--from', '0')).lines).toEqual([
      { id: 2, name: 'Bo', _change_type: 'update_preimage' },
      { id: 3, name: 'Cy', _change_type: 'insert' },
      { id: 2, name: 'Bob', _change_type: 'update_postimage' },
    ]);
    expect((await table('diff', '--from', '1', '--to', '1')).lines).toEqual([]);
    expect(await table('diff')).toMatchObject({ code: 2 });
  });

  it('have feeds of which a reader with a place reads each version once', async () => {
    const place = ['--track', join(folder, 'customers.place')];
    expect((await table('changes', ...place)).lines).toHaveLength(5);
    expect(await table('changes', ...place)).toMatchObject({ code: 0, lines: [] });
    expect(await table('changes', ...place, '--from', '1')).toMatchObject({ code: 2 });
    await writeFile(join(folder, 'customers.place'), 'nonsense');
    expect(await table('changes', ...place)).toMatchObject({
      code: 2,
      errors: expect.stringContaining("is not a tracker's file"),
    });
  });
});
