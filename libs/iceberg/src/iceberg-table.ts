import type { ColumnBatch, Field, ObjectStore } from '@cdc-demo/cdc-core';
import type { FileResolver } from '@cdc-demo/lake-core';
import { openObjectStore } from '@cdc-demo/object-store';
import { isCatalogTable } from './catalog/table-catalog.ts';
import type { CatalogTable } from './catalog/table-catalog.ts';
import { DeleteFiles } from './deletes/delete-files.ts';
import { readChanges } from './changes/read-changes.ts';
import type { ChangeOptions } from './changes/read-changes.ts';
import { IcebergError } from './errors.ts';
import type { ContentFile } from './manifest/manifest-file.ts';
import { newestMetadata, readMetadata } from './metadata/find-metadata.ts';
import type {
  Snapshot,
  SnapshotLogEntry,
  SnapshotRef,
  TableMetadata,
} from './metadata/table-metadata.ts';
import { DataFileReader } from './read/data-file-reader.ts';
import { planScan } from './read/scan.ts';
import type { Wanted } from './read/scan.ts';
import { TableFiles } from './files/table-files.ts';
import type { TableSchema } from './schema/table-schema.ts';
import { chooseSnapshot } from './snapshot/choose-snapshot.ts';
import type { SnapshotChoice } from './snapshot/choose-snapshot.ts';
import { LiveFiles } from './snapshot/live-files.ts';
import { snapshotPaths } from './upkeep/snapshot-paths.ts';

const METADATA_FILE = /^(.*\/)?([^/]+\/[^/]+\.metadata\.json(?:\.gz)?)$/;

export interface ReadOptions {
  /** Opens files outside of the table; by default those of local files and of S3. */
  readonly resolver?: FileResolver | undefined;
  /** Rows of a batch at most. */
  readonly batchRows?: number | undefined;
}

export interface RowsOptions extends SnapshotChoice, Wanted {}

export interface ChangesOptions extends ChangeOptions {
  /** The snapshot after which changes count; by default the beginning of the table. */
  readonly from?: SnapshotChoice | undefined;
  /** The last snapshot whose changes count; by default the current one. */
  readonly to?: SnapshotChoice | undefined;
}

/** What a table is, as plain data. */
export interface TableInfo {
  readonly uuid: string | undefined;
  readonly location: string;
  readonly formatVersion: 1 | 2 | 3;
  /** Of the snapshot; undefined where the table has none. */
  readonly snapshotId: bigint | undefined;
  readonly sequenceNumber: bigint;
  readonly timestampMs: number;
  /** Columns whose type is not supported have no field; `unsupportedColumns` names them. */
  readonly fields: readonly Field[];
  readonly unsupportedColumns: readonly string[];
  readonly identifierFields: readonly string[];
  readonly partitionFields: readonly { readonly name: string; readonly transform: string }[];
  readonly properties: Readonly<Record<string, string>>;
  readonly dataFiles: number;
  readonly deleteFiles: number;
  readonly sizeInBytes: number;
}

/**
 * An Iceberg table to read, as one metadata file describes it: what others commit meanwhile is seen
 * by opening it again.
 */
export class IcebergTable {
  readonly metadata: TableMetadata;
  readonly #files: TableFiles;
  readonly #options: ReadOptions;

  private constructor(metadata: TableMetadata, files: TableFiles, options: ReadOptions) {
    this.metadata = metadata;
    this.#files = files;
    this.#options = options;
  }

  /**
   * @param location a path or URL of the table's folder or of one of its `*.metadata.json` files,
   * or a store whose root is the table's folder; the table of a catalog. Of a folder the newest
   * metadata file is taken.
   * @throws IcebergError `iceberg/not-a-table`, `iceberg/metadata-invalid`,
   * `iceberg/unsupported-version`
   */
  static async open(
    location: string | ObjectStore | CatalogTable,
    options: ReadOptions = {},
  ): Promise<IcebergTable> {
    if (isCatalogTable(location)) {
      const { store, version } = (await location.find()) ?? notATable(location);
      const { metadata } = version;
      const files = new TableFiles(store, metadata.location, options.resolver);
      return new IcebergTable(metadata, files, options);
    }
    const [, folder = './', name] =
      (typeof location === 'string' ? METADATA_FILE.exec(location) : undefined) ?? [];
    const root = name === undefined ? location : folder;
    const store = typeof root === 'string' ? openObjectStore(root) : root;
    const metadata = await readMetadata(store, name ?? (await newestMetadata(store)));
    const files = new TableFiles(store, metadata.location, options.resolver);
    return new IcebergTable(metadata, files, options);
  }

  /** The snapshots that the table still has, in the order in which they were made. */
  get snapshots(): readonly Snapshot[] {
    return this.metadata.snapshots;
  }

  /** Branches and tags. */
  get refs(): readonly SnapshotRef[] {
    return this.metadata.refs;
  }

  /** When which snapshot became the current one, the oldest first. */
  get history(): readonly SnapshotLogEntry[] {
    return this.metadata.snapshotLog;
  }

  /**
   * The rows of a snapshot, file by file in no order. A snapshot that is named by its id, a tag or
   * a time comes with the columns that the table had then, a branch with those that it has now.
   * @throws IcebergError, LakeError that says what is missing, damaged or not supported
   */
  async *rows(options: RowsOptions = {}): AsyncGenerator<ColumnBatch, void, undefined> {
    const snapshot = chooseSnapshot(this.metadata, options);
    const scan = planScan(this.#schema(options, snapshot), options);
    if (!snapshot) return;
    const { data, deletes } = await this.#live().of(snapshot);
    const { metadata } = this;
    const reader = new DataFileReader({
      metadata,
      files: this.#files,
      deletes: new DeleteFiles(deletes, metadata.specs),
      batchRows: this.#options.batchRows,
    });
    for (const file of data) yield* reader.liveRows(file, scan);
  }

  /**
   * The changes after one snapshot up to another, of which the first must have become the second;
   * see `readChanges`. They come with the columns that the table had at the end.
   * @throws IcebergError `iceberg/snapshot-expired`, `iceberg/not-an-ancestor`; as `rows`
   */
  async *changes(options: ChangesOptions = {}): AsyncGenerator<ColumnBatch, void, undefined> {
    const { metadata } = this;
    const { from, to = {} } = options;
    const last = chooseSnapshot(metadata, to);
    if (!last) return;
    const first = from && chooseSnapshot(metadata, from);
    const schema = this.#schema(to, last);
    const source = { metadata, schema, files: this.#files, live: this.#live() };
    yield* readChanges(source, { from: first, to: last }, options);
  }

  /** The live data and delete files of a snapshot. @throws as `rows` */
  async files(choice: SnapshotChoice = {}): Promise<readonly ContentFile[]> {
    const snapshot = chooseSnapshot(this.metadata, choice);
    if (!snapshot) return [];
    const { data, deletes } = await this.#live().of(snapshot);
    return [...data, ...deletes];
  }

  /**
   * The locations of everything that the table's snapshots need: manifest lists, manifests, data
   * files and delete files.
   * @throws as `rows`
   */
  referencedFiles(): Promise<ReadonlySet<string>> {
    const { metadata } = this;
    return snapshotPaths(metadata.snapshots, { metadata, files: this.#files });
  }

  /** @throws as `rows` */
  async info(choice: SnapshotChoice = {}): Promise<TableInfo> {
    const { metadata } = this;
    const snapshot = chooseSnapshot(metadata, choice);
    const schema = this.#schema(choice, snapshot);
    const files = await this.files(choice);
    const spec = metadata.specs.find(({ id }) => id === metadata.defaultSpecId);
    return {
      uuid: metadata.uuid,
      location: metadata.location,
      formatVersion: metadata.formatVersion,
      snapshotId: snapshot?.id,
      sequenceNumber: snapshot?.sequenceNumber ?? metadata.lastSequenceNumber,
      timestampMs: snapshot?.timestampMs ?? metadata.lastUpdatedMs,
      fields: schema.columns.flatMap(({ field }) => field ?? []),
      unsupportedColumns: schema.columns.flatMap(({ field, name }) => (field ? [] : [name])),
      identifierFields: schema.columns.flatMap(({ id, name }) =>
        schema.identifierFieldIds.includes(id) ? [name] : [],
      ),
      partitionFields: spec?.fields.map(({ name, transform }) => ({ name, transform })) ?? [],
      properties: metadata.properties,
      dataFiles: files.filter(({ content }) => content === 'data').length,
      deleteFiles: files.filter(({ content }) => content !== 'data').length,
      sizeInBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    };
  }

  #live(): LiveFiles {
    return new LiveFiles(this.metadata, this.#files);
  }

  #schema({ ref, ...choice }: SnapshotChoice, snapshot: Snapshot | undefined): TableSchema {
    const { schemas, currentSchemaId, refs } = this.metadata;
    const isTag = refs.some(({ name, type }) => name === ref && type === 'tag');
    const isOfThen = isTag || choice.snapshotId !== undefined || choice.timestampMs !== undefined;
    const id = (isOfThen ? snapshot?.schemaId : undefined) ?? currentSchemaId;
    const schema = schemas.find((each) => each.id === id);
    return schema ?? { id, columns: [], identifierFieldIds: [] };
  }
}

function notATable({ name }: CatalogTable): never {
  throw new IcebergError('iceberg/not-a-table', `There is no Iceberg table ${name}`, {
    context: { table: name },
  });
}
