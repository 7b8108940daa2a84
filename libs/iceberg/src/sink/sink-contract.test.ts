import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@cdc-demo/cdc-core';
import type { Clock } from '@cdc-demo/cdc-core';
import type { SinkUnderTest } from '@cdc-demo/cdc-testing/contracts';
import { contractRows, resyncContract, sinkContract } from '@cdc-demo/cdc-testing/contracts';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { IcebergTable } from '../iceberg-table.ts';
import { IcebergSink } from './iceberg-sink.ts';

const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: () => Promise.resolve(),
};

async function onLocalFiles(formatVersion: 2 | 3): Promise<SinkUnderTest> {
  const root = await mkdtemp(join(tmpdir(), 'iceberg-sink-'));
  return {
    open: () =>
      new IcebergSink({
        location: ({ name }) => new LocalObjectStore(join(root, name)),
        formatVersion,
        clock,
        logger: silentLogger,
      }),
    rows: () => contractRows(() => IcebergTable.open(join(root, 'contract'))),
    dispose: () => rm(root, { recursive: true, force: true }),
  };
}

for (const version of [2, 3] as const) {
  sinkContract(`Iceberg ${version} on local files`, () => onLocalFiles(version));
  resyncContract(`Iceberg ${version} on local files`, () => onLocalFiles(version));
}
