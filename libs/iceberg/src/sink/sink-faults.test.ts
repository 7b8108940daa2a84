import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@cdc-demo/cdc-core';
import type { Clock } from '@cdc-demo/cdc-core';
import type { FaultySinkUnderTest, SinkVersion } from '@cdc-demo/cdc-testing/contracts';
import { contractRows, sinkFaultsContract } from '@cdc-demo/cdc-testing/contracts';
import { parseTablePosition } from '@cdc-demo/lake-core';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { IcebergTable } from '../iceberg-table.ts';
import { IcebergSink } from './iceberg-sink.ts';
import { POSITION_PROPERTY } from './table-position.ts';

const clock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: () => Promise.resolve(),
};

/** Merges whatever may be merged, and keeps every version. */
const upkeep = { minFiles: 2, deletedShare: 0.01, workShare: 1, expireSnapshots: false };

/** The table of each metadata file: a table without rows has no snapshot. */
async function versionsIn(folder: string): Promise<SinkVersion[]> {
  const { metadata } = await IcebergTable.open(folder);
  const versions: SinkVersion[] = [];
  for (let number = 1; ; number++) {
    const name = `metadata/v${number}.metadata.json`;
    const table = await IcebergTable.open(join(folder, name));
    const rows = await contractRows(() => Promise.resolve(table));
    const text = table.metadata.properties[POSITION_PROPERTY] ?? '';
    const isUpkeep = table.metadata.snapshots.at(-1)?.operation === 'replace';
    versions.push({ position: parseTablePosition(text).position, rows, isUpkeep });
    if (table.metadata.currentSnapshotId === metadata.currentSnapshotId) return versions;
  }
}

async function make(formatVersion: 2 | 3): Promise<FaultySinkUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'iceberg-faults-'));
  return {
    store: new LocalObjectStore(folder),
    open: (store) => {
      const options = { clock, logger: silentLogger, targetFileRows: 3, upkeep };
      return new IcebergSink({ location: () => store, formatVersion, ...options });
    },
    versions: () => versionsIn(folder),
    dispose: () => rm(folder, { recursive: true }),
  };
}

sinkFaultsContract('Iceberg 2 on local files', () => make(2));
sinkFaultsContract('Iceberg 3 on local files', () => make(3));
