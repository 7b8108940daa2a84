import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Secret, parseLsn, silentLogger } from '@cdc-demo/cdc-core';
import { startPostgres } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { loadPublishedTable } from '../catalog/load-published-table.ts';
import { connectionTarget } from '../connection/connection-target.ts';
import { Session } from '../connection/session.ts';
import { ReplicationStream } from './stream.ts';

const ITEMS = { namespace: 'public', name: 'items' };
let server: LocalPostgres;

beforeAll(async () => {
  server = await startPostgres({ version: 18 });
});
afterAll(() => server.stop());

test('a catalog that is a moment behind the log is looked at again', async () => {
  const target = connectionTarget({ url: new Secret(server.url) });
  await using session = await Session.open(target);
  const sql = (text: string): Promise<unknown> => session.command(text, 'prepare the test');
  await sql('CREATE TABLE public.items (id int PRIMARY KEY)');
  await sql('CREATE PUBLICATION race FOR TABLE public.items');
  const [slot] = await session.query(
    `SELECT lsn FROM pg_create_logical_replication_slot('race', 'pgoutput')`,
    [],
  );
  const old = await loadPublishedTable(session.query, 'race', ITEMS);
  await sql('ALTER TABLE public.items ADD COLUMN extra text');
  await sql(`INSERT INTO public.items VALUES (1, 'new')`);
  let looks = 0;
  const stream = await ReplicationStream.open(
    {
      target,
      clock: {
        nowMs: () => new Date().getTime(),
        monotonicMs: () => performance.now(),
        sleep: (_ms, signal) =>
          new Promise((resolve) => {
            // The status report sleeps until the end; a pause between two looks is over at once.
            if (_ms > 1000) signal?.addEventListener('abort', () => resolve());
            else resolve();
          }),
      },
      slot: 'race',
      publication: 'race',
      position: parseLsn(String(slot?.['lsn'])),
      acknowledged: 0n,
      tables: [old],
      loadTable: () =>
        ++looks < 3 ? Promise.resolve(old) : loadPublishedTable(session.query, 'race', ITEMS),
      outOfRange: 'stop',
      bufferBytes: 1_000_000,
      spill: 'none',
      spillAfterBytes: 1_000_000,
      logger: silentLogger,
    },
    { values: 'binary', sendsEarly: false },
  );
  const message = await stream.next();
  await stream.close();
  expect(looks).toBe(3);
  if (message?.kind !== 'transactions') throw new Error(`There came ${String(message?.kind)}`);
  const rows = message.group.batches.flatMap(({ images }) => images.row(0));
  expect(rows).toEqual([1, 'new']);
});
