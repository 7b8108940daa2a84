import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { silentLogger } from '@cdc-demo/cdc-core';
import { contractRows, resyncContract, sinkContract } from '@cdc-demo/cdc-testing/contracts';
import type { SinkUnderTest } from '@cdc-demo/cdc-testing/contracts';
import { startMinio } from '@cdc-demo/local-servers';
import type { LocalMinio } from '@cdc-demo/local-servers';
import { S3Connection, S3ObjectStore } from '@cdc-demo/object-store';
import { IcebergTable } from '../iceberg-table.ts';
import { IcebergSink } from './iceberg-sink.ts';
import { clock } from './table-folder.fixture.ts';

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

function onS3(formatVersion: 2 | 3): Promise<SinkUnderTest> {
  const root = randomUUID();
  const { bucket } = server;
  const storeOf = (name: string): S3ObjectStore =>
    new S3ObjectStore(connection, { bucket, prefix: `${root}/${name}` });
  return Promise.resolve({
    open: () =>
      new IcebergSink({
        location: ({ name }) => storeOf(name),
        formatVersion,
        clock,
        logger: silentLogger,
      }),
    rows: () => contractRows(() => IcebergTable.open(storeOf('contract'))),
    dispose: () => Promise.resolve(),
  });
}

for (const version of [2, 3] as const) {
  sinkContract(`Iceberg ${version} on S3`, () => onS3(version));
  resyncContract(`Iceberg ${version} on S3`, () => onS3(version));
}
