import type { ObjectStore } from '@cdc-demo/cdc-core';
import type { ExactJsonObject } from '@cdc-demo/lake-core';
import { tableMetadata } from '../metadata/parse-table-metadata.ts';
import type { TableMetadata } from '../metadata/table-metadata.ts';
import { updateMetadata } from './metadata-update.ts';
import type { MetadataFile, MetadataUpdate } from './metadata-update.ts';

const DRAFT = 'of the next commit';
/** Says that old metadata files go with the log; see the table properties of Iceberg. */
export const DELETES_OLD = 'write.metadata.delete-after-commit.enabled';

/** A table as one of its metadata files has it. */
export interface TableVersion extends MetadataFile {
  readonly metadata: TableMetadata;
  /** Counts the metadata files of the filesystem catalog, from 1; 0 elsewhere and of a draft. */
  readonly version: number;
}

/**
 * One table of a catalog, whose place is known. A commit is all or nothing: it is made when the
 * catalog says so, or when the table is found to have it.
 */
export interface TableCatalog {
  /** The table's location without a slash at the end; no encoded URL, as in all of its files. */
  readonly location: string;
  /** Who writes the metadata files: this library, or the service that keeps the table. */
  readonly metadataFiles: 'ours' | 'of-service';

  /**
   * The newest metadata; undefined where there is no table.
   * @throws IcebergError `iceberg/not-writable` for a table that another catalog keeps; as
   * `parseTableMetadata`
   */
  load(): Promise<TableVersion | undefined>;

  /** A table that is to be created: to prepare its first snapshot. */
  draft(json: ExactJsonObject): TableVersion;

  /**
   * Creates a drafted table; undefined when there is one already.
   * @throws IcebergError as `commit`
   */
  create(
    draft: TableVersion,
    updates: readonly MetadataUpdate[],
  ): Promise<TableVersion | undefined>;

  /** A table after changes that nobody has committed yet. */
  preview(base: TableVersion, updates: readonly MetadataUpdate[]): TableVersion;

  /**
   * Makes the next version; undefined when somebody else has it, and ours will never be.
   * @throws IcebergError `iceberg/commit-unknown` when the commit may still be made: nothing that
   * it names may be deleted
   */
  commit(base: TableVersion, updates: readonly MetadataUpdate[]): Promise<TableVersion | undefined>;
}

/** Where a table lies: the store has the table's location as its root. */
export interface TablePlace {
  readonly store: ObjectStore;
  readonly catalog: TableCatalog;
}

/** A table that is there. */
export interface FoundTable extends TablePlace {
  readonly version: TableVersion;
}

/** A table as a catalog names it, whether it is there or not. */
export interface CatalogTable {
  /** Names the table in messages. */
  readonly name: string;
  /** Where the table is; undefined where there is none. */
  find(): Promise<FoundTable | undefined>;
  /** Where the table is, or is to be once it is created. */
  place(): Promise<TablePlace>;
}

export function isCatalogTable(value: string | ObjectStore | CatalogTable): value is CatalogTable {
  return typeof value !== 'string' && 'find' in value;
}

/** See `TableCatalog.draft`. */
export function draftTable(json: ExactJsonObject): TableVersion {
  return { json, metadata: tableMetadata(json, DRAFT), version: 0, location: '' };
}

/** See `TableCatalog.preview`. */
export function previewTable(base: TableVersion, updates: readonly MetadataUpdate[]): TableVersion {
  if (updates.length === 0) return base;
  const json = updateMetadata(base, updates, base.metadata.lastUpdatedMs);
  return { ...base, json, metadata: tableMetadata(json, DRAFT) };
}
