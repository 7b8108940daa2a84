import type {
  CdcError,
  CommitPoint,
  ObjectStore,
  SnapshotStage,
  StagedSnapshot,
  TableSchema,
  Writer,
} from '@cdc-demo/cdc-core';
import {
  ChangeCommitter,
  FirstRowsStage,
  TableUpkeep,
  formatTableColumns,
  newTableColumns,
} from '@cdc-demo/lake-core';
import type {
  FileFacts,
  OpenTable,
  SinkFormat,
  StateOutcome,
  TableColumns,
  TableState,
} from '@cdc-demo/lake-core';
import { FilesystemCatalog } from '../catalog/filesystem-catalog.ts';
import { newMetadata } from '../catalog/new-metadata.ts';
import { DELETES_OLD } from '../catalog/table-catalog.ts';
import type { TableVersion } from '../catalog/table-catalog.ts';
import { TableCommits, createTable } from '../commit/table-commits.ts';
import { IcebergError, icebergErrors } from '../errors.ts';
import { TableFiles } from '../files/table-files.ts';
import type { FileRecord } from '../manifest/write-manifest.ts';
import { newSpec } from '../partition/partition-by.ts';
import { bindSpec } from '../partition/partition-columns.ts';
import { partitionsOf } from '../partition/partition-split.ts';
import { TABLE_TYPES } from '../schema/table-types.ts';
import { icebergUpkeep } from '../upkeep/iceberg-upkeep.ts';
import { tableWriter } from '../write/table-files.ts';
import { unreadable } from '../write/table-readers.ts';
import { changeWriter } from './change-writer.ts';
import { IcebergCommits } from './iceberg-commits.ts';
import { removeSettledTables, unpublishedTable } from './remove-settled.ts';
import { restage } from './restage.ts';
import type { TableContext } from './sink-options.ts';
import { asStaged, readStaged } from './staged-files.ts';
import type { NewIcebergTable } from './staged-files.ts';
import { stagePrefix, sweepStage } from './sweep-stage.ts';
import { positionProperty } from './table-position.ts';
import { COLUMNS_PROPERTY, readState } from './table-state.ts';

/** A pipeline makes a metadata file with each commit. */
const KEPT_METADATA = {
  [DELETES_OLD]: 'true',
  'write.metadata.previous-versions-max': '100',
};

/** An Iceberg table that follows a source table. */
export class IcebergSinkFormat implements SinkFormat<TableVersion, NewIcebergTable, FileRecord> {
  readonly #context: TableContext;

  constructor(context: TableContext) {
    this.#context = context;
  }

  get store(): ObjectStore {
    return this.#context.store;
  }

  load(): Promise<TableVersion | undefined> {
    return this.#context.catalog.load();
  }

  versionOf({ metadata }: TableVersion): bigint {
    return metadata.currentSnapshotId ?? 0n;
  }

  readState(version: TableVersion, writer: Writer): StateOutcome {
    return readState(this.#context, writer, version);
  }

  goOn(version: TableVersion, state: TableState, writer: Writer): OpenTable {
    const context = { ...this.#context, location: this.store.url };
    const { upkeep } = context;
    const commits = new TableCommits(context, version);
    const committer = new ChangeCommitter(
      { ...context, types: TABLE_TYPES, errors: icebergErrors },
      {
        commits: new IcebergCommits(context, commits),
        changeWriter: changeWriter(context),
        state,
        writer,
      },
    );
    if (upkeep === 'off') return { committer, upkeep: undefined };
    const tasks = icebergUpkeep(context, { commits, committer, policy: upkeep });
    return { committer, upkeep: new TableUpkeep(context, tasks, upkeep) };
  }

  obstacle(): CdcError | undefined {
    const { formatVersion, readers } = this.#context;
    return unreadable(formatVersion, readers);
  }

  empty(columns: TableColumns): NewIcebergTable {
    const { partitionBy = [] } = this.#context;
    return { columns, spec: newSpec(partitionBy, columns.fields), files: [] };
  }

  joined(parts: readonly [NewIcebergTable, ...NewIcebergTable[]]): NewIcebergTable | CdcError {
    const specs = new Set(parts.map(({ spec }) => JSON.stringify(spec)));
    if (specs.size === 1) return { ...parts[0], files: parts.flatMap(({ files }) => files) };
    const { url } = this.store;
    const message = `The staged files of ${url} are parted in different ways`;
    return new IcebergError('iceberg/staged-rows-gone', message, { context: { location: url } });
  }

  facts({ file_path: path, file_size_in_bytes: bytes, record_count: rows }: FileRecord): FileFacts {
    const { key } = new TableFiles(this.store, this.#context.catalog.location).locate(path);
    return { key, bytes: Number(bytes), rows: Number(rows) };
  }

  create(
    { columns, spec, files }: NewIcebergTable,
    point: CommitPoint,
  ): Promise<TableVersion | undefined> {
    const { table, clock, formatVersion, catalog } = this.#context;
    const draft = catalog.draft(
      newMetadata({
        formatVersion,
        location: catalog.location,
        columns,
        spec,
        properties: { ...KEPT_METADATA, [COLUMNS_PROPERTY]: formatTableColumns(columns) },
        nowMs: Math.floor(clock.nowMs()),
      }),
    );
    const none = { deletes: [], removed: new Set<string>() };
    return createTable(this.#context, draft, {
      files: { operation: 'append', data: files, ...none },
      properties: positionProperty(table, point),
    });
  }

  stage(pipeline: string, schema: TableSchema): SnapshotStage {
    const { store, layout, clock, mode, catalog } = this.#context;
    const { location } = catalog;
    const { columns, spec } = this.empty(newTableColumns(schema, mode, TABLE_TYPES));
    const { fields } = columns;
    const partitions = partitionsOf(bindSpec(spec, [fields], location), fields);
    const prefix = stagePrefix(pipeline);
    return new FirstRowsStage({
      columns,
      writer: tableWriter({ store, location, fields, layout, partitions, prefix }),
      startedMs: clock.nowMs(),
      asStaged: (files, size) => {
        return asStaged({ ...size, columns, spec, files: files.map((file) => file.record()) });
      },
    });
  }

  readStaged(staged: StagedSnapshot): NewIcebergTable {
    return readStaged(staged);
  }

  sweepStaged(pipeline: string, kept: ReadonlySet<string>): Promise<number> {
    const { metadataFiles } = this.#context.catalog;
    return sweepStage(this.store, { pipeline, kept, metadataFiles });
  }

  unpublished(id: string): IcebergSinkFormat {
    const store = unpublishedTable(this.store, id);
    const { clock, logger, catalog: published } = this.#context;
    const { location } = published;
    const catalog = new FilesystemCatalog(store, { clock, logger, location });
    const kept = { upkeep: 'off', partitionBy: undefined } as const;
    return new IcebergSinkFormat({ ...this.#context, ...kept, store, catalog });
  }

  async restage(): Promise<StagedSnapshot> {
    const version = await this.load();
    if (!version) throw new Error(`${this.store.url}: the unpublished table is gone`);
    return restage(this.#context, version);
  }

  removeSettled(): Promise<void> {
    return removeSettledTables(this.#context);
  }

  settle(): Promise<void> {
    return Promise.resolve();
  }
}
