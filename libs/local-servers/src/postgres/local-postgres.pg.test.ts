import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, watch } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import { startPostgres } from './local-postgres.ts';
import type { LocalPostgres } from './local-postgres.ts';
import { testedVersions } from './tested-versions.ts';

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  client.on('error', () => {
    // The server is killed under this connection.
  });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

async function refusesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return new Promise((resolve) => {
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}

const folder = mkdtempSync(join(tmpdir(), 'cdc-local-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.each(testedVersions(process.env))('Postgres %i', (version) => {
  let server: LocalPostgres;
  beforeAll(async () => {
    server = await startPostgres({ version, settings: { max_wal_senders: 3 } });
  }, 60_000);
  afterAll(() => server.stop());

  test('answers over TCP and over its unix socket, ready for logical decoding', async () => {
    const sql =
      "SELECT current_setting('server_version_num')::int / 10000, current_setting('wal_level'), current_setting('max_wal_senders')";
    for (const url of [server.url, server.unixSocketUrl]) {
      expect(await query(url, sql)).toEqual([[version, 'logical', '3']]);
    }
  });

  test('a restart keeps port and rows and takes new settings', async () => {
    const { port, pid } = server;
    await query(server.url, 'CREATE TABLE kept AS SELECT 1 AS id');
    await server.restart({ work_mem: '8MB' });
    expect(server.port).toBe(port);
    expect(server.pid).not.toBe(pid);
    expect(await query(server.url, "SELECT id, current_setting('work_mem') FROM kept")).toEqual([
      [1, '8MB'],
    ]);
  });

  test('a killed server comes back with what was committed', async () => {
    await query(server.url, 'CREATE TABLE survivor AS SELECT 7 AS id');
    await server.kill9();
    expect(await refusesConnections(server.port)).toBe(true);
    await server.restart();
    expect(await query(server.url, 'SELECT id FROM survivor')).toEqual([[7]]);
    expect(server.log).toContain('was not properly shut down');
  });
});

test('a data folder outlives its server, and stop twice is harmless', async () => {
  const dataDir = join(folder, 'persistent');
  const first = await startPostgres({ version: 18, dataDir });
  await query(first.url, 'CREATE TABLE t AS SELECT 1 AS id');
  expect(await query(first.url, 'SHOW fsync')).toEqual([['on']]);
  await first.stop();
  await first.stop();
  await using second = await startPostgres({ version: 18, dataDir });
  expect(await query(second.url, 'SELECT id FROM t')).toEqual([[1]]);
});

test('a temporary cluster leaves nothing behind', async () => {
  const server = await startPostgres({ version: 18 });
  const { dataDir, port } = server;
  await server.stop();
  expect(existsSync(dataDir)).toBe(false);
  expect(await refusesConnections(port)).toBe(true);
  expect(() => server.pid).toThrow('does not run');
});

test('a data folder of another version is refused', async () => {
  const dataDir = join(folder, 'old');
  await (await startPostgres({ version: 14, dataDir })).stop();
  await expect(startPostgres({ version: 18, dataDir })).rejects.toMatchObject({
    code: 'local-servers/data-folder',
    message: expect.stringContaining('holds a cluster of Postgres 14'),
  });
});

test('a setting that the server refuses is reported with its own words', async () => {
  await expect(
    startPostgres({ version: 18, settings: { wal_level: 'nonsense' } }),
  ).rejects.toMatchObject({
    code: 'local-servers/start-failed',
    message: expect.stringContaining('wal_level'),
  });
});

test('the server ends when the process that started it is killed', async () => {
  const root = join(import.meta.dirname, '../../../..');
  execFileSync(process.execPath, [
    join(root, 'node_modules/typescript/bin/tsc'),
    '-b',
    join(root, 'libs/local-servers/tsconfig.lib.json'),
  ]);
  const script = `
    import { startPostgres } from ${JSON.stringify(join(root, 'libs/local-servers/dist/index.js'))};
    const server = await startPostgres({ version: 18 });
    process.stdout.write(JSON.stringify({ port: server.port, dataDir: server.dataDir }));
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const { port, dataDir } = JSON.parse(line.toString()) as { port: number; dataDir: string };
  expect(await refusesConnections(port)).toBe(false);
  const removed = removalOf(dataDir);
  child.kill('SIGKILL');
  await removed;
  expect(await refusesConnections(port)).toBe(true);
}, 60_000);

/** Resolves when a folder that is there now is gone. */
function removalOf(folder: string): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(dirname(folder), () => {
      if (existsSync(folder)) return;
      watcher.close();
      resolve();
    });
  });
}
