import { startIcebergRest } from '@cdc-demo/local-servers';
import { clock } from '../../sink/table-folder.fixture.ts';
import { catalogContract } from '../catalog-contract.fixture.ts';
import { RestCatalog } from './rest-catalog.ts';

catalogContract('a REST catalog', async () => {
  const server = await startIcebergRest();
  const catalog = new RestCatalog({ uri: server.uri, clock });
  return {
    table: (name) => catalog.table({ namespace: ['outer', 'inner one'], name }),
    [Symbol.asyncDispose]: () => server.stop(),
  };
});
