import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SinkUnderTest } from '@cdc-demo/cdc-testing/contracts';
import { isCdcError, silentLogger } from '@cdc-demo/cdc-core';
import { resyncContract, sinkContract } from '@cdc-demo/cdc-testing/contracts';
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
    rows: async () => {
      const rows: string[] = [];
      try {
        const table = await DeltaTable.open(join(root, 'contract'));
        for await (const batch of table.rows({ columns: ['id', 'text'] })) {
          for (let row = 0; row < batch.length; row++) {
            const [id, text] = batch.row(row) as [number, string | null];
            rows.push(`${id}:${String(text)}`);
          }
        }
      } catch (error) {
        if (!isCdcError(error) || error.code !== 'delta/not-a-table') throw error;
      }
      return rows;
    },
    dispose: () => rm(root, { recursive: true, force: true }),
  };
}

sinkContract('Delta on local files', onLocalFiles);
resyncContract('Delta on local files', onLocalFiles);
