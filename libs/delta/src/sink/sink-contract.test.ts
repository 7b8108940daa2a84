import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SinkUnderTest } from '@cdc-demo/cdc-testing/contracts';
import { silentLogger } from '@cdc-demo/cdc-core';
import { contractRows, resyncContract, sinkContract } from '@cdc-demo/cdc-testing/contracts';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { DeltaTable } from '../delta-table.ts';
import { tickingClock } from '../storage.fixture.ts';
import { DeltaSink } from './delta-sink.ts';

async function onLocalFiles(): Promise<SinkUnderTest> {
  const root = await mkdtemp(join(tmpdir(), 'delta-sink-'));
  return {
    open: () =>
      new DeltaSink({
        location: ({ name }) => new LocalObjectStore(join(root, name)),
        clock: tickingClock(),
        logger: silentLogger,
      }),
    rows: () => contractRows(() => DeltaTable.open(join(root, 'contract'))),
    dispose: () => rm(root, { recursive: true, force: true }),
  };
}

sinkContract('Delta on local files', onLocalFiles);
resyncContract('Delta on local files', onLocalFiles);
