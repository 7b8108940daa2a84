import { afterAll, beforeAll } from '@jest/globals';
import { sourceContract } from '@cdc-demo/cdc-testing/contracts';
import { startPostgres } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { Client } from 'pg';
import { systemClock } from './follower.fixture.ts';
import { PostgresSource } from './postgres-source.ts';

let server: LocalPostgres;
beforeAll(async () => {
  server = await startPostgres({ version: 18 });
});
afterAll(() => server.stop());

sourceContract('Postgres', async () => {
  const client = new Client({ connectionString: server.url });
  await client.connect();
  await client.query('CREATE TABLE contract (id int PRIMARY KEY, text text)');
  const open = (): PostgresSource =>
    new PostgresSource({
      connection: { url: server.url },
      pipeline: 'contract',
      tables: [{ namespace: 'public', name: 'contract' }],
      clock: systemClock,
      takeOver: true,
    });
  const transaction = async (end: string, statements: readonly string[]): Promise<void> => {
    for (const statement of ['BEGIN', ...statements, end]) await client.query(statement);
  };
  return {
    open,
    commit: (...statements) => transaction('COMMIT', statements),
    rollback: (...statements) => transaction('ROLLBACK', statements),
    dispose: async () => {
      await open().drop();
      await client.query('DROP TABLE contract');
      await client.end();
    },
  };
});
