import { Secret } from '@cdc-demo/cdc-core';
import { RestCatalog } from '@cdc-demo/iceberg';
import type { CatalogTable } from '@cdc-demo/iceberg';
import { systemClock } from '@cdc-demo/pipeline';

const NAME = /^[^./:]+(?:\.[^./:]+){2,}$/;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The table that `catalog.namespace.table` names; undefined for any other text, and for a catalog
 * that the environment does not have. A catalog is described as for PyIceberg, by variables such as
 * `PYICEBERG_CATALOG__PROD__URI` for the catalog `prod`.
 * @throws IcebergError `iceberg/catalog-configuration`
 */
export function catalogTable(text: string, env: Environment): CatalogTable | undefined {
  if (!NAME.test(text)) return undefined;
  const [catalog = '', ...namespace] = text.split('.');
  const name = namespace.pop() ?? '';
  const setting = (of: string): string | undefined => {
    const { [`PYICEBERG_CATALOG__${catalog.toUpperCase().replaceAll('-', '_')}__${of}`]: value } =
      env;
    return value === '' ? undefined : value;
  };
  const secret = (of: string): Secret | undefined => {
    const value = setting(of);
    return value === undefined ? undefined : new Secret(value);
  };
  const uri = setting('URI');
  if (uri === undefined) return undefined;
  const service = new RestCatalog({
    uri,
    warehouse: setting('WAREHOUSE'),
    credential: secret('CREDENTIAL'),
    token: secret('TOKEN'),
    scope: setting('SCOPE'),
    oauth2ServerUri: setting('OAUTH2_SERVER_URI'),
    prefix: setting('PREFIX'),
    clock: systemClock,
  });
  return service.table({ namespace, name });
}
