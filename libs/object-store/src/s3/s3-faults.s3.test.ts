import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startMinio } from '@cdc-demo/local-servers';
import type { LocalMinio } from '@cdc-demo/local-servers';
import { FaultProxy } from './fault-proxy.fixture.ts';
import type { Fault } from './fault-proxy.fixture.ts';
import { openS3 } from './s3-client.ts';
import { S3Connection } from './s3-connection.ts';
import { S3ObjectStore } from './s3-object-store.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (found: Uint8Array | undefined): string | undefined =>
  found && Buffer.from(found).toString();

let server: LocalMinio;
let proxy: FaultProxy;
let connection: S3Connection;
let store: S3ObjectStore;
beforeAll(async () => {
  server = await startMinio();
  proxy = await FaultProxy.start(server.endpoint);
  const { credentials } = server;
  connection = new S3Connection({ endpoint: proxy.endpoint, credentials, region: 'us-east-1' });
}, 30_000);
afterAll(async () => {
  await connection.close();
  await proxy[Symbol.asyncDispose]();
  await server.stop();
});
beforeEach(() => {
  proxy.fault = () => 'none';
  store = new S3ObjectStore(connection, { bucket: server.bucket, prefix: randomUUID() });
});

/** These faults meet the first requests of a method whose URL matches. */
function meet(method: string, url: RegExp, ...faults: readonly Fault[]): { met: () => number } {
  let met = 0;
  proxy.fault = (is, at) => (is === method && url.test(at) ? (faults[met++] ?? 'none') : 'none');
  return { met: () => Math.min(met, faults.length) };
}

const SLOW: Fault = { status: 503, code: 'SlowDown' };
const INTERNAL: Fault = { status: 500, code: 'InternalError' };
const OPEN: Fault = { status: 409, code: 'ConditionalRequestConflict' };

describe('an exclusive create', () => {
  it.each<[string, readonly Fault[]]>([
    ['whose answer is lost', ['lost-answer']],
    ['whose answer is lost twice', ['lost-answer', 'lost-answer']],
    ['that does not arrive', ['lost-request']],
    ['that the service is too busy for', [SLOW, SLOW]],
    ['that fails inside of the service', [INTERNAL]],
    ['beside another one that is not settled', [OPEN]],
    ['whose answer is lost beside another one', [OPEN, 'lost-answer']],
  ])('%s is one', async (_, faults) => {
    const { met } = meet('PUT', /key/, ...faults);
    expect(await store.putIfAbsent('key', bytes('ours'))).toBe('created');
    expect(met()).toBe(faults.length);
    expect(text(await store.get('key'))).toBe('ours');
    expect(await store.putIfAbsent('key', bytes('again'))).toBe('exists');
  });

  it.each<[string, readonly Fault[]]>([
    ['at once', []],
    ['after a lost answer', ['lost-answer']],
    ['after a busy service', [SLOW]],
    ['after a conflict', [OPEN]],
  ])('finds what somebody else has made: %s', async (_, faults) => {
    await store.put('key', bytes('theirs'));
    meet('PUT', /key/, ...faults);
    expect(await store.putIfAbsent('key', bytes('theirs'))).toBe('exists');
  });

  it('fails when the service stays away, and says so', async () => {
    meet('PUT', /key/, ...Array.from({ length: 50 }, () => SLOW));
    await expect(store.putIfAbsent('key', bytes('x'))).rejects.toMatchObject({
      code: 'object-store/unreachable',
      context: { status: 503 },
    });
  }, 30_000);
});

describe('other requests', () => {
  it.each<[string, readonly Fault[]]>([
    ['is broken off', ['half-answer', 'half-answer']],
    ['is lost', ['lost-answer', 'lost-request']],
    ['is an error', [INTERNAL, SLOW]],
  ])('are sent again: the answer to a read %s', async (_, faults) => {
    const body = 'x'.repeat(100_000);
    await store.put('key', bytes(body));
    const { met } = meet('GET', /key/, ...faults);
    expect(text(await store.get('key'))).toBe(body);
    expect(met()).toBe(faults.length);
    meet('GET', /key/, ...faults);
    expect(text(await store.getRange('key', 10, 90_000))).toBe(body.slice(10, 90_000));
  });

  it.each<[string, Fault]>([
    ['is lost', 'lost-answer'],
    ['does not come', 'lost-request'],
    ['is an error', INTERNAL],
  ])('are sent again: the answer to the end of a large object %s', async (_, fault) => {
    const { met } = meet('POST', /uploadId=/, fault);
    const writer = await store.openWriter('large');
    await writer.write(Buffer.alloc(9_000_000, 'a'));
    await writer.close();
    expect(met()).toBe(1);
    expect((await store.stat('large'))?.size).toBe(9_000_000);
  });

  it('are sent again: a part of a large object', async () => {
    const { met } = meet('PUT', /partNumber=/, SLOW, 'lost-answer', 'lost-request');
    const writer = await store.openWriter('large');
    for (let i = 0; i < 3; i++) await writer.write(Buffer.alloc(8_388_608, String(i)));
    await writer.close();
    expect(met()).toBe(3);
    expect(text(await store.getRange('large', 16_777_214, 16_777_218))).toBe('1122');
  });

  it('end a large object that cannot be written, and leave nothing', async () => {
    meet('PUT', /partNumber=/, ...Array.from({ length: 50 }, () => INTERNAL));
    const writer = await store.openWriter('large');
    const writing = writer.write(Buffer.alloc(9_000_000)).then(() => writer.close());
    await expect(writing).rejects.toMatchObject({ code: 'object-store/unreachable' });
    proxy.fault = () => 'none';
    await writer.abort();
    const { client, sdk } = await openS3(connection);
    const left = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket: server.bucket }));
    expect(left.Uploads ?? []).toEqual([]);
    expect(await store.stat('large')).toBeUndefined();
  }, 30_000);

  it('are not sent again when they are refused', async () => {
    const refused: Fault = { status: 403, code: 'AccessDenied' };
    const { met } = meet('PUT', /key/, refused, refused);
    await expect(store.put('key', bytes('x'))).rejects.toMatchObject({
      code: 'object-store/access-denied',
    });
    expect(met()).toBe(1);
  });
});
