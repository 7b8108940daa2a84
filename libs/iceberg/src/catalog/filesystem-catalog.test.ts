import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@cdc-demo/cdc-core';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { clock } from '../sink/table-folder.fixture.ts';
import { catalogContract } from './catalog-contract.fixture.ts';
import { filesystemTable } from './filesystem-catalog.ts';

catalogContract('the folders of tables', async () => {
  const root = await mkdtemp(join(tmpdir(), 'iceberg-catalog-'));
  return {
    table: (name) =>
      filesystemTable(new LocalObjectStore(join(root, name)), { clock, logger: silentLogger }),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
});
