import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { objectStoreContract } from '@cdc-demo/cdc-testing/contracts';
import { LocalObjectStore } from './local-object-store.ts';

objectStoreContract('local files', async () => {
  const root = await mkdtemp(join(tmpdir(), 'object-store-'));
  return {
    store: new LocalObjectStore(root),
    dispose: () => rm(root, { recursive: true, force: true }),
  };
});
