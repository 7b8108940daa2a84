import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Secret, silentLogger } from '@cdc-demo/cdc-core';
import { canonicalRows } from '@cdc-demo/cdc-testing';
import { startIcebergRest } from '@cdc-demo/local-servers';
import type { LocalIcebergRest } from '@cdc-demo/local-servers';
import { openObjectStore } from '@cdc-demo/object-store';
import { IcebergTable } from '../../iceberg-table.ts';
import { IcebergSink } from '../../sink/iceberg-sink.ts';
import type { TendedTableSink } from '@cdc-demo/lake-core';
import { tablePositions } from '../../sink/table-positions.ts';
import { clock, inserts, point, schema, writer } from '../../sink/table-folder.fixture.ts';
import type { CatalogTable } from '../table-catalog.ts';
import { CatalogProxy } from './catalog-proxy.fixture.ts';
import type { ProxyFault } from './catalog-proxy.fixture.ts';
import { RestCatalog } from './rest-catalog.ts';

const AFTER: readonly ProxyFault[] = [
  { after: 500 },
  { after: 502 },
  { after: 503 },
  { after: 504 },
  { after: 'drop' },
];
const BEFORE: readonly ProxyFault[] = [
  { before: 500 },
  { before: 502 },
  { before: 504 },
  { before: 'drop' },
];

describe('commits whose answers are lost', () => {
  let server: LocalIcebergRest;
  let proxy: CatalogProxy;
  let namespace: string;
  beforeAll(async () => {
    server = await startIcebergRest();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    proxy = await CatalogProxy.start(server.uri);
    namespace = `ns_${randomUUID().replaceAll('-', '')}`;
  });
  afterEach(() => proxy[Symbol.asyncDispose]());

  const tableAt = (uri: string): CatalogTable =>
    new RestCatalog({ uri, clock }).table({ namespace: [namespace], name: 't' });

  function sink(): TendedTableSink {
    const options = { clock, logger: silentLogger, upkeep: 'off' } as const;
    return new IcebergSink({ ...options, location: () => tableAt(proxy.uri) }).table(schema.table);
  }

  async function created(): Promise<TendedTableSink> {
    const made = sink();
    expect(await made.open(writer)).toEqual({ outcome: 'missing' });
    expect(await made.create(schema, point(100))).toMatchObject({ outcome: 'committed' });
    return made;
  }

  const change = (id: number, lsn: number) => inserts(schema, lsn, [[id, `n${id}`, 1n]]);
  const row = (id: number): string => `{"id":${id},"name":"n${id}","amount":"0.01"}`;
  const opened = (): Promise<IcebergTable> => IcebergTable.open(tableAt(server.uri));
  const rows = async (): Promise<string[]> => canonicalRows((await opened()).rows());
  const files = async (): Promise<string[]> => {
    const found = await readdir(join(server.warehouse, namespace, 't'), { recursive: true });
    return found.filter((name) => /\.(parquet|avro|puffin)$/.test(name));
  };

  it.each(AFTER)('I7: one that was made and answered %j counts once', async (fault) => {
    const made = await created();
    proxy.fail([fault]);
    await made.write(change(1, 110));
    expect(await made.commit(point(110))).toMatchObject({ outcome: 'committed' });
    await made.write(change(2, 120));
    expect(await made.commit(point(120))).toMatchObject({ outcome: 'committed' });
    expect(await rows()).toEqual([row(1), row(2)]);
    const { snapshots } = await opened();
    expect(snapshots).toHaveLength(3);
  });

  it.each(BEFORE)('I7, I8: one that may still come after %j leaves its files', async (fault) => {
    const made = await created();
    const before = (await files()).length;
    proxy.fail([fault]);
    await made.write(change(1, 110));
    await expect(made.commit(point(110))).rejects.toMatchObject({ code: 'iceberg/commit-unknown' });
    expect((await files()).length).toBe(before + 3);
    expect(proxy.requests.filter(({ body }) => body.includes('add-snapshot'))).toHaveLength(2);
    const again = sink();
    expect(await again.open(writer)).toMatchObject({ outcome: 'opened', batch: 100 });
    await again.write(change(1, 110));
    expect(await again.commit(point(110))).toMatchObject({ outcome: 'committed' });
    expect(await rows()).toEqual([row(1)]);
  });

  it('I7: one that comes late is followed, and its changes are not made twice', async () => {
    const made = await created();
    proxy.fail([{ before: 504 }]);
    await made.write(change(1, 110));
    await expect(made.commit(point(110))).rejects.toMatchObject({ code: 'iceberg/commit-unknown' });
    const again = sink();
    await again.open(writer);
    await again.write(change(1, 110));
    const late = proxy.requests.findLast(({ body }) => body.includes('add-snapshot'));
    const answer = await fetch(`${server.uri}${late?.url ?? ''}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: late?.body ?? '',
    });
    expect(answer.status).toBe(200);
    expect(await again.commit(point(110))).toMatchObject({ outcome: 'unchanged' });
    await again.write(change(2, 120));
    expect(await again.commit(point(120))).toMatchObject({ outcome: 'committed' });
    expect(await rows()).toEqual([row(1), row(2)]);
  });

  it.each([{ before: 503 }, { before: 429 }] as const)(
    'one after %j is sent again',
    async (fault) => {
      const made = await created();
      proxy.fail([fault, fault]);
      await made.write(change(1, 110));
      expect(await made.commit(point(110))).toMatchObject({ outcome: 'committed' });
      expect(await rows()).toEqual([row(1)]);
    },
  );

  it('one that another writer got ahead of is planned anew, and its files go', async () => {
    const made = await created();
    const other = sink();
    await other.open(writer);
    await other.write(change(1, 110));
    await other.commit(point(110));
    const before = (await files()).length;
    await made.write(change(1, 110));
    await made.write(change(2, 120));
    expect(await made.commit(point(120))).toMatchObject({ outcome: 'committed' });
    expect(await rows()).toEqual([row(1), row(2)]);
    expect((await files()).length).toBe(before + 3);
  });

  it.each(AFTER)('I7: a table that was made and answered %j is taken', async (fault) => {
    const made = sink();
    await made.open(writer);
    proxy.fail([fault]);
    expect(await made.create(schema, point(100))).toMatchObject({ outcome: 'committed' });
    await made.write(change(1, 110));
    expect(await made.commit(point(110))).toMatchObject({ outcome: 'committed' });
    expect(await rows()).toEqual([row(1)]);
  });

  it('I8: a table that is made late has all of its files', async () => {
    const made = sink();
    await made.open(writer);
    proxy.fail([{ before: 'drop' }]);
    const unknown = { code: 'iceberg/commit-unknown' };
    await expect(made.create(schema, point(100))).rejects.toMatchObject(unknown);
    const late = proxy.requests.findLast(({ body }) => body.includes('assert-create'));
    const again = sink();
    expect(await again.open(writer)).toEqual({ outcome: 'missing' });
    await again.sweepStaged([]);
    const answer = await fetch(`${server.uri}${late?.url ?? ''}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: late?.body ?? '',
    });
    expect(answer.status).toBe(200);
    expect(await again.create(schema, point(100))).toMatchObject({ outcome: 'committed' });
    await again.write(change(1, 110));
    expect(await again.commit(point(110))).toMatchObject({ outcome: 'committed' });
    expect(await rows()).toEqual([row(1)]);
  });

  it('I28, I29: the position is in the snapshot, and outlasts it in the table', async () => {
    const made = await created();
    await made.write(change(1, 110));
    await made.commit(point(110));
    const table = await opened();
    expect(tablePositions(table).map(({ position }) => position)).toEqual(
      [110, 100].map((lsn) => point(lsn).position),
    );
    const last = table.snapshots.at(-1);
    expect(table.metadata.properties).toMatchObject({
      'cdc-demo.position': last?.summary['cdc-demo.position'],
    });
  });

  it('an update that the service refuses is an error with what it says', async () => {
    const found = await tableAt(proxy.uri).place();
    await created();
    const version = await found.catalog.load();
    if (!version) throw new Error('The table is not there');
    const unknown = [{ action: 'set-current-schema', 'schema-id': 99 }] as const;
    await expect(found.catalog.commit(version, unknown)).rejects.toThrow(
      /refuses a commit to .*: HTTP 400, .*: Cannot set current schema .*99/,
    );
  });

  it.each([401, 419])('after %i a new token is asked for, once', async (status) => {
    const credential = new Secret('me:very-secret');
    const catalog = new RestCatalog({ uri: proxy.uri, clock, credential, scope: 'all' });
    const table = catalog.table({ namespace: [namespace], name: 't' });
    await table.place();
    const tokens = () => proxy.requests.filter(({ url }) => url === '/v1/oauth/tokens');
    expect(tokens().map(({ body }) => body)).toEqual([
      'grant_type=client_credentials&client_id=me&client_secret=very-secret&scope=all',
    ]);
    proxy.fail([{ before: status }], ({ method }) => method === 'GET');
    expect(await table.find()).toBeUndefined();
    expect(tokens()).toHaveLength(2);
    proxy.fail([{ before: status }, { before: status }], ({ method }) => method === 'GET');
    const refused = await table.find().catch((error: unknown) => error as Error);
    expect(refused).toMatchObject({ code: 'iceberg/catalog-unauthorized' });
    expect((refused as Error).message).not.toContain('very-secret');
    const authorized = proxy.requests.filter(({ url }) => !url.startsWith('/v1/oauth'));
    expect(authorized.every(({ headers }) => headers.authorization?.startsWith('Bearer '))).toBe(
      true,
    );
  });

  it('an idempotency key is sent where the service offers it, the same on each attempt', async () => {
    await created();
    const keys = (): (string | undefined)[] =>
      proxy.requests.flatMap(({ headers, body }) => {
        const { 'idempotency-key': key } = headers;
        return body.includes('add-snapshot') ? [key as string | undefined] : [];
      });
    expect(keys()).toEqual([undefined]);
    proxy.rewrite(({ url }, text) =>
      url.startsWith('/v1/config')
        ? JSON.stringify({ ...(JSON.parse(text) as object), 'idempotency-key-lifetime': 'PT30M' })
        : text,
    );
    const made = sink();
    await made.open(writer);
    proxy.fail([{ before: 504 }, { before: 'drop' }]);
    await made.write(change(1, 110));
    expect(await made.commit(point(110))).toMatchObject({ outcome: 'committed' });
    const [, ...sent] = keys();
    expect(sent).toHaveLength(3);
    expect(new Set(sent).size).toBe(1);
    expect(sent[0]).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  it('objects are asked for with the credentials that the service vends, now and later', async () => {
    await created();
    const signedBy: (string | undefined)[] = [];
    const s3 = createServer((request, response) => {
      signedBy.push(/Credential=([^/]*)/.exec(request.headers.authorization ?? '')?.[1]);
      response.writeHead(404).end('<Error><Code>NoSuchKey</Code></Error>');
    }).listen(0, '127.0.0.1');
    await once(s3, 'listening');
    const { port } = s3.address() as AddressInfo;
    let vended = 0;
    proxy.rewrite(({ url, method }, text) => {
      if (method !== 'GET' || !url.includes('/tables/')) return text;
      vended += 1;
      const untilMs = Date.now() + (vended === 1 ? -1 : 3_600_000);
      const of = (prefix: string, key: string): object => ({
        prefix,
        config: {
          's3.access-key-id': `${key}-${vended}`,
          's3.secret-access-key': 'secret',
          's3.session-token-expires-at-ms': String(untilMs),
        },
      });
      const credentials = [of('file:', 'wide'), of('file:/', 'narrow'), of('s3://other', 'other')];
      const config = { 's3.endpoint': `http://127.0.0.1:${port}`, 'client.region': 'us-east-1' };
      const more = { config, 'storage-credentials': credentials };
      return text.replace(/^\{/, () => `${JSON.stringify(more).slice(0, -1)},`);
    });
    const catalog = new RestCatalog({
      uri: proxy.uri,
      clock,
      openStore: (_location, connection) => openObjectStore('s3://bucket/table', connection),
    });
    const found = await catalog.table({ namespace: [namespace], name: 't' }).find();
    expect(await found?.store.get('object')).toBeUndefined();
    expect(await found?.store.get('another')).toBeUndefined();
    // The first ones had run out.
    expect(signedBy).toEqual(['narrow-2', 'narrow-2']);
    expect(proxy.requests.at(-1)?.headers).toMatchObject({
      'x-iceberg-access-delegation': 'vended-credentials',
    });
    s3.closeAllConnections();
    s3.close();
  });
});
