import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parseLsn } from '@cdc-demo/cdc-core';
import { startPostgres, testedVersions } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { textOf } from '../catalog/query.ts';
import { connectionTarget } from '../connection/connection-target.ts';
import { Session } from '../connection/session.ts';
import { readLogEnd } from './log-end.ts';

describe.each(testedVersions(process.env))('on Postgres %i', (version) => {
  let server: LocalPostgres;
  let session: Session;
  beforeAll(async () => {
    server = await startPostgres({ version });
    session = await Session.open(connectionTarget({ url: server.url }));
  });
  afterAll(async () => {
    await session.close();
    await server.stop();
  });

  async function lsn(name: 'insert' | 'flush'): Promise<bigint> {
    const [row = {}] = await session.query(`select pg_current_wal_${name}_lsn()::text as lsn`, []);
    return parseLsn(textOf(row, 'lsn'));
  }

  test('records behind the last commit get to disk once the end of the log was read', async () => {
    await session.query(`select pg_logical_emit_message(false, 'p', 'no commit follows')`, []);
    const inserted = await lsn('insert');
    expect(await lsn('flush')).toBeLessThan(inserted);
    const end = await readLogEnd(session.query);
    expect(end).toBeGreaterThanOrEqual(inserted);
    while ((await lsn('flush')) < end) await session.query('select pg_sleep(0.01)', []);
  });
});
