import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startMinio } from '@cdc-demo/local-servers';
import type { LocalMinio } from '@cdc-demo/local-servers';
import { openObjectStore } from '@cdc-demo/object-store';
import { s3Connection } from './storage-config.ts';

let server: LocalMinio;
beforeAll(async () => {
  server = await startMinio();
}, 30_000);
afterAll(() => server.stop());

/** What a catalog says of the service, with a secret that may be wrong and may have run out. */
function vended(secret: string, untilMs?: number): Readonly<Record<string, string>> {
  return {
    's3.endpoint': server.endpoint,
    'client.region': 'us-east-1',
    's3.path-style-access': 'true',
    's3.access-key-id': server.credentials.accessKeyId,
    's3.secret-access-key': secret,
    ...(untilMs === undefined ? {} : { 's3.session-token-expires-at-ms': String(untilMs) }),
  };
}

const body = Buffer.from('text');

test('a store is reached by what a catalog says of its service', async () => {
  const config = vended(server.credentials.secretAccessKey);
  const refresh = (): Promise<never> => Promise.reject(new Error('nothing ran out'));
  const s3 = s3Connection({ config, refresh });
  const store = openObjectStore(`s3://${server.bucket}/vended`, s3);
  await store.put('object', body);
  expect(await store.get('object')).toEqual(new Uint8Array(body));
  await s3?.close();
});

test('credentials that have run out are asked for anew', async () => {
  const { secretAccessKey } = server.credentials;
  let refreshed = 0;
  const refresh = (): Promise<Readonly<Record<string, string>>> => {
    refreshed++;
    return Promise.resolve(vended(secretAccessKey, Date.now() + 3_600_000));
  };
  const s3 = s3Connection({ config: vended('gone', Date.now() - 1000), refresh });
  const store = openObjectStore(`s3://${server.bucket}/renewed`, s3);
  await store.put('object', body);
  expect(await store.get('object')).toEqual(new Uint8Array(body));
  expect(refreshed).toBe(1);
  await s3?.close();
});

test('a catalog that says nothing of a service leaves that to the environment', () => {
  const refresh = (): Promise<never> => Promise.reject(new Error('nothing ran out'));
  expect(s3Connection({ config: { owner: 'somebody' }, refresh })).toBeUndefined();
});
