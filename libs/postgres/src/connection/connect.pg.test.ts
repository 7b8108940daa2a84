import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startPostgres, testedVersions } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { Secret } from '@cdc-demo/cdc-core';
import type { PostgresError } from '../errors.ts';
import { createCertificates } from './certificate.fixture.ts';
import { connectionTarget } from './connection-target.ts';
import type { PostgresConnectionOptions } from './connection-target.ts';
import { Session } from './session.ts';

const CANARY = 'canary-9f3c';
const certificates = createCertificates('localhost');

describe.each(testedVersions(process.env))('on Postgres %i', (version) => {
  let server: LocalPostgres;
  let url: (change?: Partial<Record<'host' | 'password' | 'port' | 'database', string>>) => string;
  beforeAll(async () => {
    server = await startPostgres({ version, tls: certificates });
    const { password } = new URL(server.url);
    url = (change = {}) => {
      const { host = '127.0.0.1', port = String(server.port), database = 'postgres' } = change;
      return `postgresql://postgres:${change.password ?? password}@${host}:${port}/${database}`;
    };
  });
  afterAll(() => server.stop());

  async function failure(options: PostgresConnectionOptions): Promise<PostgresError> {
    try {
      await (await Session.open(connectionTarget(options))).close();
    } catch (error) {
      expect(error).toMatchObject({ remedy: expect.stringMatching(/./) });
      return error as PostgresError;
    }
    throw new Error('the session was opened');
  }

  async function isEncrypted(options: PostgresConnectionOptions): Promise<boolean> {
    await using session = await Session.open(connectionTarget(options));
    const [row] = await session.query(
      'SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
      [],
    );
    return row?.['ssl'] === 'true';
  }

  test('a session has the settings that the decoders rely on', async () => {
    await using session = await Session.open(connectionTarget({ url: url() }));
    const [row] = await session.query(
      `SELECT current_setting('datestyle') d, current_setting('intervalstyle') i,
              current_setting('timezone') t, current_setting('extra_float_digits') f,
              current_setting('bytea_output') b, current_setting('client_encoding') e,
              current_setting('application_name') a, current_setting('lc_monetary') m`,
      [],
    );
    expect(row).toEqual({
      d: expect.stringMatching(/^ISO/),
      i: 'iso_8601',
      t: 'UTC',
      f: '3',
      b: 'hex',
      e: 'UTF8',
      a: 'cdc-demo',
      m: 'C',
    });
  });

  test('a wrong password, user or database is the matter of the configuration', async () => {
    expect(await failure({ url: url({ password: CANARY }) })).toMatchObject({
      code: 'postgres/authentication-failed',
      kind: 'configuration',
      message: expect.stringContaining(`postgres@127.0.0.1:${server.port}/postgres`),
    });
    expect(await failure({ url: url({ database: 'nowhere' }) })).toMatchObject({
      code: 'postgres/database-missing',
      message: expect.stringContaining('nowhere'),
    });
  });

  test('a password given apart goes before the one in the URL', async () => {
    const { password } = new URL(server.url);
    const options = { url: new Secret(url({ password: 'wrong' })), password: new Secret(password) };
    expect(await isEncrypted(options)).toBe(false);
  });

  test('a wrong port, host or socket is unreachable, and may pass', async () => {
    const unreachable = { code: 'postgres/unreachable', retry: 'backoff' };
    expect(await failure({ url: url({ port: '1' }) })).toMatchObject(unreachable);
    expect(await failure({ url: url({ host: 'no-such-host.invalid' }) })).toMatchObject(
      unreachable,
    );
    expect(await failure({ url: url({ host: '%2Fno%2Fsuch%2Ffolder' }) })).toMatchObject(
      unreachable,
    );
  });

  test('a server that never answers is given up after the timeout', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const error = await failure({ url: url({ port: String(port) }), connectTimeoutMs: 200 });
    expect(error).toMatchObject({ code: 'postgres/unreachable' });
    silent.close();
  });

  test('no error says the password', async () => {
    const errors = [
      await failure({ url: url({ password: CANARY }) }),
      await failure({ url: url({ password: CANARY, port: '1' }) }),
      await failure({ url: url({ password: CANARY, host: 'no-such-host.invalid' }) }),
      await failure({ url: url({ password: CANARY }), tls: { mode: 'verify-full' } }),
    ];
    for (const error of errors) expect(inspect(error, { depth: 10 })).not.toContain(CANARY);
    const target = connectionTarget({ url: url({ password: CANARY }) });
    expect(inspect(target, { depth: 10 }) + JSON.stringify(target)).not.toContain(CANARY);
  });

  test('each TLS mode checks what it says', async () => {
    const { ca } = certificates;
    const local = url({ host: 'localhost' });
    expect(await isEncrypted({ url: local })).toBe(false);
    expect(await isEncrypted({ url: `${local}?sslmode=require` })).toBe(true);
    expect(await isEncrypted({ url: local, tls: { mode: 'verify-full', ca } })).toBe(true);
    expect(await isEncrypted({ url: url(), tls: { mode: 'verify-ca', ca } })).toBe(true);
    const failed = { code: 'postgres/tls-failed', kind: 'configuration' };
    expect(await failure({ url: url(), tls: { mode: 'verify-full', ca } })).toMatchObject(failed);
    expect(await failure({ url: local, tls: { mode: 'verify-ca' } })).toMatchObject(failed);
    const other = createCertificates('localhost').ca;
    expect(await failure({ url: local, tls: { mode: 'require', ca: other } })).toMatchObject(
      failed,
    );
  });

  test('the unix socket works like TCP', async () => {
    expect(await isEncrypted({ url: server.unixSocketUrl })).toBe(false);
  });

  test('a replication session is encrypted like any other', async () => {
    const tls = { mode: 'verify-full', ca: certificates.ca } as const;
    const target = connectionTarget({ url: url({ host: 'localhost' }), tls });
    await using session = await Session.open(target, 'database');
    const [row] = await session.command('IDENTIFY_SYSTEM', 'identify the system');
    expect(row).toMatchObject({ dbname: 'postgres' });
  });
});

test('a server without TLS is refused when TLS is asked for, not used in plaintext', async () => {
  await using server = await startPostgres({ version: 18 });
  for (const mode of ['require', 'verify-ca', 'verify-full'] as const) {
    const target = connectionTarget({ url: server.url, tls: { mode } });
    await expect(Session.open(target)).rejects.toMatchObject({ code: 'postgres/tls-failed' });
  }
});
