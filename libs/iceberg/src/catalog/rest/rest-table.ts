import type { CatalogTable, FoundTable, TablePlace } from '../table-catalog.ts';
import { parseLoadResult } from './load-result.ts';
import type { LoadResult } from './load-result.ts';
import { isProtocolError, replyError } from './reply-error.ts';
import type { CommitRequest } from './commit-request.ts';
import type { Reply } from './http-exchange.ts';
import type { RestClient } from './rest-client.ts';
import { RestTableCatalog } from './rest-table-catalog.ts';
import { s3Connection, storeLocation } from './storage-config.ts';
import type { OpenTableStore } from './storage-config.ts';

/** A table's name in its catalog. */
export interface TableIdentifier {
  /** Its parts, the outermost first. */
  readonly namespace: readonly string[];
  readonly name: string;
}

export interface RestTableParts {
  readonly client: RestClient;
  readonly openStore: OpenTableStore;
  /** Where a new table is to lie; the service decides unless given. */
  readonly location?: string | undefined;
  readonly accessDelegation: 'vended-credentials' | 'none';
}

const NAMESPACES = 'namespaces';
const CREATE_NAMESPACE = 'POST /v1/{prefix}/namespaces';
const EMPTY_SCHEMA = { type: 'struct', 'schema-id': 0, fields: [] };

/** A table that a REST catalog keeps. */
export class RestTable implements CatalogTable {
  readonly name: string;
  readonly #id: TableIdentifier;
  readonly #parts: RestTableParts;

  constructor(id: TableIdentifier, parts: RestTableParts) {
    this.name = [...id.namespace, id.name].join('.');
    this.#id = id;
    this.#parts = parts;
  }

  get uri(): string {
    return this.#parts.client.uri;
  }

  async find(): Promise<FoundTable | undefined> {
    const found = await this.load();
    return found && { ...this.#placeOf(found), version: found.version };
  }

  /** Makes the namespace when it is missing, and asks where the table would be created. */
  async place(): Promise<TablePlace> {
    return this.#placeOf((await this.load()) ?? (await this.#stage()));
  }

  /** The table as it is now; undefined where there is none. @throws as `replyError` */
  async load(): Promise<LoadResult | undefined> {
    const path = await this.#path();
    const reply = await this.#parts.client.call({ method: 'GET', path, headers: this.#headers() });
    if (reply.kind === 'answer' && reply.status === 200) {
      return parseLoadResult(reply.text, this.name);
    }
    const isMissing = reply.kind === 'answer' && reply.status === 404;
    if (isMissing && isProtocolError(reply.text)) return undefined;
    throw replyError(reply, { what: `the table ${this.name}`, uri: this.uri });
  }

  /** Sends a commit once, or as often as the client may. */
  async commit(request: CommitRequest): Promise<Reply> {
    const path = await this.#path();
    const { namespace, name } = this.#id;
    const body = { identifier: { namespace, name }, ...request };
    return this.#parts.client.call({ method: 'POST', path, body });
  }

  /** A table that is created by a later commit, if at all. */
  async #stage(): Promise<LoadResult> {
    await this.#ensureNamespace();
    const { client, location } = this.#parts;
    const body = {
      name: this.#id.name,
      schema: EMPTY_SCHEMA,
      'stage-create': true,
      ...(location === undefined ? {} : { location }),
    };
    const path = await this.#tables();
    const reply = await client.call({ method: 'POST', path, body, headers: this.#headers() });
    if (reply.kind === 'answer' && reply.status === 200) {
      return parseLoadResult(reply.text, this.name);
    }
    if (reply.kind === 'answer' && reply.status === 409) {
      const found = await this.load();
      if (found) return found;
    }
    throw replyError(reply, { what: `to create ${this.name}`, uri: this.uri });
  }

  async #ensureNamespace(): Promise<void> {
    const { client } = this.#parts;
    const { namespace } = this.#id;
    const { endpoints } = await client.config();
    if (endpoints && !endpoints.has(CREATE_NAMESPACE)) return;
    for (let parts = 1; parts <= namespace.length; parts++) {
      const outer = namespace.slice(0, parts);
      const path = `${NAMESPACES}/${await this.#encoded(outer)}`;
      const found = await client.call({ method: 'GET', path });
      if (found.kind === 'answer' && found.status === 200) continue;
      const body = { namespace: outer, properties: {} };
      const reply = await client.call({ method: 'POST', path: NAMESPACES, body });
      const isThere = reply.kind === 'answer' && (reply.status === 200 || reply.status === 409);
      if (isThere) continue;
      throw replyError(reply, { what: `the namespace ${outer.join('.')}`, uri: this.uri });
    }
  }

  #placeOf({ version, storage }: LoadResult): TablePlace {
    const location = storeLocation(version.metadata.location);
    const refresh = async (): Promise<LoadResult['storage']> => {
      const { storage: newest } = (await this.load()) ?? (await this.#stage());
      return newest;
    };
    const store = this.#parts.openStore(location, s3Connection({ config: storage, refresh }));
    return { store, catalog: new RestTableCatalog(this, version) };
  }

  /** @throws IcebergError `iceberg/catalog-refused` */
  async #tables(): Promise<string> {
    return `${NAMESPACES}/${await this.#encoded(this.#id.namespace)}/tables`;
  }

  async #path(): Promise<string> {
    return `${await this.#tables()}/${encodeURIComponent(this.#id.name)}`;
  }

  async #encoded(namespace: readonly string[]): Promise<string> {
    const { namespaceSeparator } = await this.#parts.client.config();
    return namespace.map(encodeURIComponent).join(namespaceSeparator);
  }

  #headers(): Readonly<Record<string, string>> {
    const { accessDelegation } = this.#parts;
    return accessDelegation === 'none' ? {} : { 'x-iceberg-access-delegation': accessDelegation };
  }
}
