import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from '@jest/globals';
import { silentLogger } from '@cdc-demo/cdc-core';
import { contractRows, resyncContract, sinkContract } from '@cdc-demo/cdc-testing/contracts';
import type { SinkUnderTest } from '@cdc-demo/cdc-testing/contracts';
import { startMinio } from '@cdc-demo/local-servers';
import type { LocalMinio } from '@cdc-demo/local-servers';
import { S3Connection, S3ObjectStore } from '@cdc-demo/object-store';
import { DeltaTable } from '../delta-table.ts';
import { tickingClock } from '../storage.fixture.ts';
import { DeltaSink } from './delta-sink.ts';

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

function onS3(): Promise<SinkUnderTest> {
  const root = randomUUID();
  const { bucket } = server;
  const storeOf = (name: string): S3ObjectStore =>
    new S3ObjectStore(connection, { bucket, prefix: `${root}/${name}` });
  return Promise.resolve({
    open: () =>
      new DeltaSink({
        location: ({ name }) => storeOf(name),
        clock: tickingClock(),
        logger: silentLogger,
      }),
    rows: () => contractRows(() => DeltaTable.open(storeOf('contract'))),
    dispose: () => Promise.resolve(),
  });
}

sinkContract('Delta on S3', onS3);
resyncContract('Delta on S3', onS3);
