import { openObjectStore } from '@cdc-demo/object-store';
import type { CatalogTable } from '../table-catalog.ts';
import { IcebergError } from '../../errors.ts';
import { RestClient } from './rest-client.ts';
import type { RestClientOptions } from './rest-client.ts';
import { RestTable } from './rest-table.ts';
import type { TableIdentifier } from './rest-table.ts';
import type { OpenTableStore } from './storage-config.ts';

export interface RestCatalogOptions extends RestClientOptions {
  /** Opens the stores of tables; `openObjectStore` unless given. */
  readonly openStore?: OpenTableStore | undefined;
  /** Whether the service is asked for credentials of the tables' storage; it is unless told not. */
  readonly accessDelegation?: 'vended-credentials' | 'none' | undefined;
}

/**
 * A catalog service that speaks the protocol of the Apache Iceberg REST catalog. Nothing is asked
 * before a table is.
 */
export class RestCatalog {
  readonly #client: RestClient;
  readonly #openStore: OpenTableStore;
  readonly #accessDelegation: 'vended-credentials' | 'none';

  /** @throws IcebergError `iceberg/catalog-configuration` */
  constructor(options: RestCatalogOptions) {
    const { uri, openStore = openObjectStore, accessDelegation = 'vended-credentials' } = options;
    if (!/^https?:\/\/[^@]*$/.test(uri) || !URL.canParse(uri)) {
      const message = 'The URI of a catalog is that of an HTTP service, without a password';
      throw new IcebergError('iceberg/catalog-configuration', message);
    }
    this.#client = new RestClient(options);
    this.#openStore = openStore;
    this.#accessDelegation = accessDelegation;
  }

  /** @param location where a new table is to lie; the service decides unless given */
  table(id: TableIdentifier, location?: string): CatalogTable {
    const { namespace, name } = id;
    if (namespace.length === 0 || [...namespace, name].includes('')) {
      const message = 'A table of a catalog is named by its namespace and its name';
      throw new IcebergError('iceberg/catalog-configuration', message);
    }
    return new RestTable(id, {
      client: this.#client,
      openStore: this.#openStore,
      accessDelegation: this.#accessDelegation,
      location,
    });
  }
}
