import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { MemorySpillSpace } from '@cdc-demo/cdc-testing';
import { startPostgres } from '@cdc-demo/local-servers';
import { expect, test } from '@jest/globals';
import { Follower, TestDatabase, sourceOn, tableName } from './follower.fixture.ts';

const FAULT = 'SERROR\0VERROR\0CXX000\0Mcould not map filenumber "base/1/2" to relation OID\0\0';

/** As a server that fails whenever it sends a transaction before its end. */
async function faultyServer(
  port: number,
): Promise<{ readonly port: number; readonly starts: string[] } & AsyncDisposable> {
  const starts: string[] = [];
  const proxy = createServer((client) => {
    const server = connect({ port, host: '127.0.0.1' });
    let chunks = Infinity;
    client.on('data', (bytes) => {
      const [start] = /START_REPLICATION.*\)/.exec(bytes.toString('latin1')) ?? [];
      if (start !== undefined) starts.push(start);
      if (start?.includes('streaming')) chunks = 1;
      server.write(bytes);
    });
    server.on('data', (bytes) => {
      if (chunks-- > 0) return client.write(bytes);
      const error = Buffer.from(`E\0\0\0\0${FAULT}`);
      error.writeInt32BE(error.length - 1, 1);
      server.destroy();
      return client.end(error);
    });
    for (const [socket, other] of [[client, server] as const, [server, client] as const]) {
      socket.on('error', () => other.destroy());
      socket.on('close', () => other.destroy());
    }
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    port: (proxy.address() as AddressInfo).port,
    starts,
    [Symbol.asyncDispose]: async () => {
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

test('a server that fails on transactions without an end is asked for whole ones', async () => {
  const server = await startPostgres({
    version: 18,
    settings: { logical_decoding_work_mem: '64kB' },
  });
  try {
    await using db = await TestDatabase.create(server);
    await db.run('CREATE TABLE items (id int PRIMARY KEY, name text)');
    await using proxy = await faultyServer(Number(new URL(server.url).port));
    const url = new URL(db.url);
    url.port = String(proxy.port);
    const options = { tables: [tableName('public.items')], spill: new MemorySpillSpace() };
    const follower = new Follower(sourceOn(db, { ...options, connection: { url: url.href } }));
    await follower.caughtUp();
    await db.run(
      `INSERT INTO items SELECT i, repeat('x', 500) || i FROM generate_series(1, 900) i`,
    );
    await follower.caughtUp();
    expect(follower.rows('public.items')).toEqual(await db.rows('SELECT * FROM items ORDER BY id'));
    expect(follower.violations).toEqual([]);
    await follower.source.stop();
    expect(proxy.starts.map((start) => start.includes('streaming'))).toEqual([true, false]);
  } finally {
    await server.stop();
  }
}, 60_000);
