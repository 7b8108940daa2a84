import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { startPostgres } from '@cdc-demo/local-servers';
import { Client } from 'pg';
import { compareTable } from './compare-tables.ts';
import { FORMATS } from './demo-lake.ts';
import type { DemoFormat } from './demo-lake.ts';
import { createSessions, demoTables } from './demo-tables.ts';
import { runDemo } from './run-demo.ts';

describe('the demo', () => {
  it.each([
    ['delta', /at first +insert +\{"customer_id":7,/, /delete +\{"customer_id":900007,.*"LC-0007"/],
    [
      'iceberg',
      /at first +INSERT +\{"customer_id":7,/,
      /DELETE +\{"customer_id":900007,.*"LC-0007"/,
    ],
  ])(
    'in %s ends with every row equal, and tells the life of one customer',
    async (...shown) => {
      const [name, first, last] = shown;
      const format = FORMATS[name]!;
      const folder = await mkdtemp(join(tmpdir(), 'demo-'));
      const lines: string[] = [];
      try {
        expect(
          await runDemo({
            folder,
            format,
            trafficMs: 2500,
            print: (line = '') => lines.push(line),
          }),
        ).toBe(true);
        const text = lines.join('\n');
        for (const { name } of demoTables) {
          expect(text).toMatch(new RegExp(`${name}: \\d+ rows, all equal`));
        }
        expect(text).toMatch(first);
        expect(text).toMatch(last);
        expect(text).toContain(`${name}_scan`);
        await expectDifferencesShown(folder, format);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    60_000,
  );

  /** The comparison is worth something only if it sees a difference. */
  async function expectDifferencesShown(folder: string, format: DemoFormat): Promise<void> {
    await using server = await startPostgres({ version: 18 });
    const client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query(createSessions);
    await client.query(`INSERT INTO sessions VALUES (1, 2, '/only/here')`);
    const sessions = demoTables.find(({ name }) => name === 'sessions');
    const table = await format.open(join(folder, 'lake/public/sessions'));
    const found = await compareTable(client, sessions!, table);
    await client.end();
    expect(found).toMatchObject({
      sourceRows: 1,
      onlyInSource: ['{"session_id":1,"customer_id":2,"page":"/only/here"}'],
      onlyInTable: [],
    });
  }
});
