import { randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { silentLogger } from '@cdc-demo/cdc-core';
import type {
  FaultySinkUnderTest,
  SinkUnderTest,
  SinkVersion,
} from '@cdc-demo/cdc-testing/contracts';
import {
  contractRows,
  resyncContract,
  sinkContract,
  sinkFaultsContract,
} from '@cdc-demo/cdc-testing/contracts';
import { parseTablePosition } from '@cdc-demo/lake-core';
import { startIcebergRest } from '@cdc-demo/local-servers';
import type { LocalIcebergRest } from '@cdc-demo/local-servers';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { RestCatalog } from '../catalog/rest/rest-catalog.ts';
import { IcebergTable } from '../iceberg-table.ts';
import { IcebergSink } from './iceberg-sink.ts';
import { clock } from './table-folder.fixture.ts';
import { POSITION_PROPERTY } from './table-position.ts';

let server: LocalIcebergRest;
beforeAll(async () => {
  server = await startIcebergRest();
});
afterAll(() => server.stop());

const newNamespace = (): string => `ns_${randomUUID().replaceAll('-', '')}`;

function throughCatalog(formatVersion: 2 | 3): Promise<SinkUnderTest> {
  const namespace = [newNamespace()];
  const catalog = new RestCatalog({ uri: server.uri, clock });
  return Promise.resolve({
    open: () =>
      new IcebergSink({
        location: ({ name }) => catalog.table({ namespace, name }),
        formatVersion,
        clock,
        logger: silentLogger,
      }),
    rows: () =>
      contractRows(() => IcebergTable.open(catalog.table({ namespace, name: 'contract' }))),
    dispose: () => Promise.resolve(),
  });
}

/** The table of each metadata file that the catalog wrote, in their order. */
async function versionsIn(folder: string): Promise<SinkVersion[]> {
  const versions: SinkVersion[] = [];
  const names = await readdir(join(folder, 'metadata'));
  for (const name of names.filter((each) => each.endsWith('.metadata.json')).toSorted()) {
    const table = await IcebergTable.open(join(folder, 'metadata', name));
    const text = table.metadata.properties[POSITION_PROPERTY] ?? '';
    const isUpkeep = table.metadata.snapshots.at(-1)?.operation === 'replace';
    const { position } = parseTablePosition(text);
    versions.push({ position, rows: await contractRows(() => Promise.resolve(table)), isUpkeep });
  }
  return versions;
}

/** Merges whatever may be merged, and keeps every version. */
const upkeep = { minFiles: 2, deletedShare: 0.01, workShare: 1, expireSnapshots: false };

function withFaults(formatVersion: 2 | 3): Promise<FaultySinkUnderTest> {
  const namespace = newNamespace();
  const folder = join(server.warehouse, namespace, 'contract');
  return Promise.resolve({
    store: new LocalObjectStore(folder),
    open: (store) => {
      const catalog = new RestCatalog({ uri: server.uri, clock, openStore: () => store });
      return new IcebergSink({
        location: () => catalog.table({ namespace: [namespace], name: 'contract' }),
        formatVersion,
        clock,
        logger: silentLogger,
        targetFileRows: 3,
        upkeep,
      });
    },
    versions: () => versionsIn(folder),
    dispose: () => Promise.resolve(),
  });
}

for (const version of [2, 3] as const) {
  sinkContract(`Iceberg ${version} in a REST catalog`, () => throughCatalog(version));
  resyncContract(`Iceberg ${version} in a REST catalog`, () => throughCatalog(version));
  sinkFaultsContract(`Iceberg ${version} in a REST catalog`, () => withFaults(version));
}
