import type { Clock, Logger, ObjectStore } from '@cdc-demo/cdc-core';
import { ParquetFileCache } from '@cdc-demo/lake-core';
import type { FileResolver, TableColumns } from '@cdc-demo/lake-core';
import { FilesystemCatalog } from '../catalog/filesystem-catalog.ts';
import type { MetadataUpdate } from '../catalog/metadata-update.ts';
import type { TableCatalog, TableVersion } from '../catalog/table-catalog.ts';
import { TableFiles } from '../files/table-files.ts';
import { ManifestCache } from '../manifest/manifest-cache.ts';
import { LiveFiles } from '../snapshot/live-files.ts';
import type { SnapshotEntries } from '../snapshot/live-files.ts';
import type { CommitTarget } from './commit-target.ts';
import { currentSnapshot } from './snapshot-head.ts';
import { writeSnapshot } from './snapshot-writer.ts';
import type { FileChanges } from './snapshot-writer.ts';
import { storedRows } from './stored-rows.ts';

export interface CommitsContext {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly resolver?: FileResolver | undefined;
  /** By default the table's folder itself. */
  readonly catalog?: TableCatalog | undefined;
}

/** What a commit changes. */
export interface CommitRequest {
  readonly files: FileChanges;
  /** Of the metadata, before the snapshot. */
  readonly updates?: readonly MetadataUpdate[];
  /** Properties of the table that the commit sets; the snapshot's summary has them too. */
  readonly properties?: Readonly<Record<string, string>>;
}

/** Commits to one table of a catalog, each after the newest version that is known here. */
export class TableCommits {
  readonly #context: CommitsContext;
  readonly #catalog: TableCatalog;
  readonly #files: TableFiles;
  readonly #manifests: ManifestCache;
  readonly #cache: ParquetFileCache;
  #version: TableVersion;

  constructor(context: CommitsContext, version: TableVersion) {
    this.#context = context;
    this.#catalog = catalogOf(context);
    this.#version = version;
    const { store, resolver } = context;
    this.#files = new TableFiles(store, version.metadata.location, resolver);
    this.#manifests = new ManifestCache(this.#files);
    this.#cache = new ParquetFileCache(store);
  }

  get version(): TableVersion {
    return this.#version;
  }

  /** Finds the table's files. */
  get files(): TableFiles {
    return this.#files;
  }

  /** Takes note of what others have committed. */
  async update(): Promise<void> {
    this.#version = (await this.#catalog.load()) ?? this.#version;
  }

  /** The live files of the current snapshot. */
  async liveFiles(): Promise<SnapshotEntries> {
    const { metadata } = this.#version;
    const snapshot = currentSnapshot(metadata);
    const live = new LiveFiles(metadata, this.#files, this.#manifests);
    return snapshot ? live.entriesOf(snapshot) : { data: [], deletes: [] };
  }

  /** The newest version once it has the columns of the next commit. */
  async target(
    columns: TableColumns,
    updates: readonly MetadataUpdate[] = [],
  ): Promise<CommitTarget> {
    const version = this.#catalog.preview(this.#version, updates);
    const { metadata } = version;
    const live = await this.liveFiles();
    const stored = { metadata, files: this.#files, cache: this.#cache, live, columns };
    return { version, columns, rows: storedRows(stored) };
  }

  /** Makes the next version; the id of its snapshot, or undefined when somebody else has it. */
  async publish(request: CommitRequest): Promise<bigint | undefined> {
    const { files, updates = [], properties = {} } = request;
    const base = this.#version;
    const snapshot = await writeSnapshot(
      { store: this.#context.store, manifests: this.#manifests },
      this.#catalog.preview(base, updates),
      { changes: files, properties, nowMs: Math.floor(this.#context.clock.nowMs()) },
    );
    const version = await this.#catalog.commit(base, [
      ...updates,
      ...snapshot.updates,
      ...propertyUpdates(properties),
    ]);
    if (version) this.#version = version;
    else await snapshot.discard();
    return version && snapshot.id;
  }

  /** Makes the next version without a snapshot; false when somebody else has it. */
  async change(updates: readonly MetadataUpdate[]): Promise<boolean> {
    const version = await this.#catalog.commit(this.#version, updates);
    if (version) this.#version = version;
    return version !== undefined;
  }
}

/** Creates a table with its first snapshot; undefined when there is one already. */
export async function createTable(
  context: CommitsContext,
  draft: TableVersion,
  { files, properties = {} }: CommitRequest,
): Promise<TableVersion | undefined> {
  const { store, clock, resolver } = context;
  const catalog = catalogOf(context);
  const found = new TableFiles(store, draft.metadata.location, resolver);
  const snapshot = await writeSnapshot({ store, manifests: new ManifestCache(found) }, draft, {
    changes: files,
    properties,
    nowMs: Math.floor(clock.nowMs()),
  });
  const version = await catalog.create(draft, [
    ...snapshot.updates,
    ...propertyUpdates(properties),
  ]);
  if (!version) await snapshot.discard();
  return version;
}

function catalogOf(context: CommitsContext): TableCatalog {
  return context.catalog ?? new FilesystemCatalog(context.store, context);
}

function propertyUpdates(updates: Readonly<Record<string, string>>): readonly MetadataUpdate[] {
  return Object.keys(updates).length === 0 ? [] : [{ action: 'set-properties', updates }];
}
