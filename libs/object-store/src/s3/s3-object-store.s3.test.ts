import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { objectStoreContract } from '@cdc-demo/cdc-testing/contracts';
import { startMinio } from '@cdc-demo/local-servers';
import type { LocalMinio } from '@cdc-demo/local-servers';
import { openObjectStore } from '../open-object-store.ts';
import { openS3 } from './s3-client.ts';
import { S3Connection } from './s3-connection.ts';
import { S3ObjectStore } from './s3-object-store.ts';

let server: LocalMinio;
let connection: S3Connection;
beforeAll(async () => {
  server = await startMinio();
  const { endpoint, credentials } = server;
  connection = new S3Connection({ endpoint, credentials, region: 'us-east-1' });
}, 30_000);
afterAll(async () => {
  await connection.close();
  await server.stop();
});

const storeAt = (prefix: string = randomUUID()): S3ObjectStore =>
  new S3ObjectStore(connection, { bucket: server.bucket, prefix });

objectStoreContract('S3', () =>
  Promise.resolve({ store: storeAt('a prefix/%20é'), dispose: clear }),
);

async function clear(): Promise<void> {
  const all = storeAt('');
  const keys: string[] = [];
  for await (const { key } of all.list('')) keys.push(key);
  await Promise.all(keys.map((key) => all.delete(key)));
}

describe('objects of a bucket', () => {
  it('are found in a service that the environment gives by a host name', async () => {
    const before = { ...process.env };
    const { accessKeyId, secretAccessKey } = server.credentials;
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: server.endpoint.replace('127.0.0.1', 'localhost'),
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    });
    const named = new S3Connection();
    try {
      const store = openObjectStore(`s3://${server.bucket}/named`, named);
      await store.put('object', Buffer.from('text'));
      expect(await store.get('object')).toEqual(new Uint8Array(Buffer.from('text')));
    } finally {
      process.env = before;
      await named.close();
    }
  });

  it('that are large are written in parts, and come back as they were', async () => {
    const store = storeAt();
    const writer = await store.openWriter('large');
    const piece = Buffer.alloc(3_000_001);
    for (let i = 0; i < 12; i++) {
      piece.fill(i);
      await writer.write(piece);
    }
    expect(await store.stat('large')).toBeUndefined();
    await writer.close();
    const found = await store.get('large');
    expect(found?.length).toBe(12 * piece.length);
    for (let i = 0; i < 12; i++) {
      const part = found?.subarray(i * piece.length, (i + 1) * piece.length);
      expect(part && Buffer.compare(part, Buffer.alloc(piece.length, i))).toBe(0);
    }
  });

  it('that are large leave nothing when they are given up', async () => {
    const store = storeAt();
    const writer = await store.openWriter('large');
    await writer.write(Buffer.alloc(20_000_000));
    await writer.abort();
    await writer.abort();
    const { client, sdk } = await openS3(connection);
    const left = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket: server.bucket }));
    expect(left.Uploads ?? []).toEqual([]);
    expect(await store.stat('large')).toBeUndefined();
  });

  it('are listed page by page', async () => {
    const store = storeAt();
    const names = Array.from({ length: 1203 }, (_, i) => `k${String(i).padStart(4, '0')}`);
    for (let at = 0; at < names.length; at += 100) {
      const some = names.slice(at, at + 100);
      await Promise.all(some.map((name) => store.put(name, Buffer.from('x'))));
    }
    const found: string[] = [];
    for await (const { key } of store.list('k')) found.push(key);
    expect(found).toEqual(names);
  }, 30_000);

  it('have a store by their location, and a URL that is encoded', () => {
    const store = openObjectStore('s3a://b/x y/%7B/', connection);
    expect(store.url).toBe('s3://b/x%20y/%257B/');
    expect(openObjectStore('s3://b', connection).url).toBe('s3://b/');
  });
});

describe('what the service refuses', () => {
  const place = { bucket: 'there-is-none', prefix: '' };

  it('is told with what helps, and without anything secret', async () => {
    const { endpoint, credentials } = server;
    const wrong = { accessKeyId: 'nobody', secretAccessKey: 'very secret' };
    const at = (settings: object): S3ObjectStore =>
      new S3ObjectStore(new S3Connection({ region: 'us-east-1', endpoint, ...settings }), place);
    const refused = [
      [at({ credentials }), 'object-store/bucket-missing'],
      [at({ credentials: wrong }), 'object-store/access-denied'],
      [at({ credentials, endpoint: 'http://127.0.0.1:1' }), 'object-store/unreachable'],
    ] as const;
    for (const [store, code] of refused) {
      const body = Buffer.from('x');
      for (const call of [() => store.put('k', body), () => store.putIfAbsent('k', body)]) {
        const error: unknown = await call().then(
          () => undefined,
          (reason: unknown) => reason,
        );
        expect(error).toMatchObject({ code });
        expect(String(error)).not.toContain('secret');
      }
    }
  }, 30_000);
});
