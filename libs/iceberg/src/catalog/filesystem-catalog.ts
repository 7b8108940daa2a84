import type { Clock, Logger, ObjectStore } from '@cdc-demo/cdc-core';
import { FieldReader, isJsonObject, parseExactJson } from '@cdc-demo/lake-core';
import type { ExactJsonObject } from '@cdc-demo/lake-core';
import { IcebergError, isIcebergError, orInvalid } from '../errors.ts';
import { TableFiles } from '../files/table-files.ts';
import { newestMetadata } from '../metadata/find-metadata.ts';
import { tableMetadata } from '../metadata/parse-table-metadata.ts';
import { formatMetadata } from './format-metadata.ts';
import { updateMetadata } from './metadata-update.ts';
import type { MetadataUpdate } from './metadata-update.ts';
import { DELETES_OLD, draftTable, previewTable } from './table-catalog.ts';
import type { CatalogTable, TableCatalog, TableVersion } from './table-catalog.ts';

const FOLDER = 'metadata/';
const HINT = `${FOLDER}version-hint.text`;
const NAME = /^metadata\/v(\d+)\.metadata\.json$/;

export interface FilesystemCatalogOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The table's location, where others know it by another spelling than the store's URL. */
  readonly location?: string;
}

/**
 * A table whose newest metadata file is the one with the greatest number (table specification,
 * "File System Tables"). Each file is created exclusively, where the specification renames: of two
 * writers one gets the number, on any store that has such a create.
 */
export class FilesystemCatalog implements TableCatalog {
  readonly metadataFiles = 'ours';
  readonly location: string;
  readonly #store: ObjectStore;
  readonly #clock: Clock;
  readonly #logger: Logger;

  /** @param store whose root is the table's folder */
  constructor(store: ObjectStore, { clock, logger, location }: FilesystemCatalogOptions) {
    this.location = location ?? decodeURIComponent(store.url).replace(/\/+$/, '');
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
  }

  async load(): Promise<TableVersion | undefined> {
    const key = await this.#newest();
    if (key === undefined) return undefined;
    const version = Number(NAME.exec(key)?.[1] ?? Number.NaN);
    if (Number.isNaN(version)) {
      const message = `The table at ${this.#store.url} is kept by a catalog: ${key}`;
      throw new IcebergError('iceberg/not-writable', message, { context: { key } });
    }
    const bytes = await this.#store.get(key);
    // It was the newest a moment ago: somebody trims faster than this reads.
    return bytes ? this.#parse(version, bytes) : this.load();
  }

  draft(json: ExactJsonObject): TableVersion {
    return draftTable(json);
  }

  create(
    { json, location }: TableVersion,
    updates: readonly MetadataUpdate[],
  ): Promise<TableVersion | undefined> {
    const made = updateMetadata({ json, location }, updates, Math.floor(this.#clock.nowMs()));
    return this.#write(1, { ...made, 'metadata-log': [] });
  }

  preview(base: TableVersion, updates: readonly MetadataUpdate[]): TableVersion {
    return previewTable(base, updates);
  }

  async commit(
    base: TableVersion,
    updates: readonly MetadataUpdate[],
  ): Promise<TableVersion | undefined> {
    const json = updateMetadata(base, updates, Math.floor(this.#clock.nowMs()));
    const version = await this.#write(base.version + 1, json);
    if (version) await this.#trim(base, json);
    return version;
  }

  async #write(version: number, json: ExactJsonObject): Promise<TableVersion | undefined> {
    const bytes = Buffer.from(formatMetadata(json));
    const key = keyOf(version);
    if (!(await this.#createFile(key, bytes))) return undefined;
    if (!(await this.#follows(version))) {
      await this.#store.delete(key);
      return undefined;
    }
    try {
      await this.#store.put(HINT, Buffer.from(String(version)));
    } catch (error) {
      // Readers that want the hint find an older version until the next commit.
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.warn('the version hint was not written', { table: this.#store.url, reason });
    }
    const metadata = tableMetadata(json, key);
    return { json, metadata, version, location: `${this.location}/${key}` };
  }

  /** An answer that was lost is looked up: ids in the file are those of this commit alone. */
  async #createFile(key: string, bytes: Uint8Array): Promise<boolean> {
    try {
      if ((await this.#store.putIfAbsent(key, bytes)) === 'created') return true;
    } catch (error) {
      const found = await this.#store.get(key);
      if (!found) throw error;
      return Buffer.compare(found, bytes) === 0;
    }
    const found = await this.#store.get(key);
    return found !== undefined && Buffer.compare(found, bytes) === 0;
  }

  /**
   * Is the version before it there? Where it is not, a number was free only because others have
   * gone on and deleted old metadata files, the older ones first.
   */
  async #follows(version: number): Promise<boolean> {
    return version === 1 || (await this.#store.stat(keyOf(version - 1))) !== undefined;
  }

  /** Deletes the metadata files that the log names no more, where the table wants that. */
  async #trim(base: TableVersion, json: ExactJsonObject): Promise<void> {
    if (base.metadata.properties[DELETES_OLD] !== 'true') return;
    const kept = new Set(loggedFiles(json));
    const surplus = loggedFiles(base.json).filter((location) => !kept.has(location));
    const files = new TableFiles(this.#store, base.metadata.location);
    try {
      for (const location of surplus) await this.#store.delete(files.locate(location).key);
    } catch (error) {
      // It takes room and nothing else: the newest metadata counts, and names it no more.
      const reason = error instanceof Error ? error.message : String(error);
      this.#logger.warn('old metadata was not deleted', { table: this.#store.url, reason });
    }
  }

  #parse(version: number, bytes: Uint8Array): TableVersion {
    const key = keyOf(version);
    const text = Buffer.from(bytes).toString('utf8');
    return orInvalid('iceberg/metadata-invalid', `The metadata file ${key} is not valid`, () => {
      const json = parseExactJson(text);
      const metadata = tableMetadata(json, key);
      if (!isJsonObject(json)) throw new Error(`${key} is no object`);
      return { json, metadata, version, location: `${this.location}/${key}` };
    });
  }

  async #newest(): Promise<string | undefined> {
    try {
      return await newestMetadata(this.#store);
    } catch (error) {
      if (isIcebergError(error, 'iceberg/not-a-table')) return undefined;
      throw error;
    }
  }
}

/** The table of a folder, which says itself which version of it is the newest. */
export function filesystemTable(
  store: ObjectStore,
  context: { readonly clock: Clock; readonly logger: Logger },
): CatalogTable {
  const catalog = new FilesystemCatalog(store, context);
  return {
    name: store.url,
    find: async () => {
      const version = await catalog.load();
      return version && { store, catalog, version };
    },
    place: () => Promise.resolve({ store, catalog }),
  };
}

/** The metadata files of earlier versions, the oldest first. */
function loggedFiles(json: ExactJsonObject): readonly string[] {
  const log = new FieldReader('metadata', json).optionalList('metadata-log') ?? [];
  return log.map((entry) => new FieldReader('metadata-log', entry).string('metadata-file'));
}

function keyOf(version: number): string {
  return `${FOLDER}v${version}.metadata.json`;
}
