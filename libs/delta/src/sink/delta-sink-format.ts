import { formatTableName } from '@cdc-demo/cdc-core';
import type {
  CdcError,
  CommitPoint,
  ObjectStore,
  SnapshotStage,
  StagedSnapshot,
  TableSchema,
  Writer,
} from '@cdc-demo/cdc-core';
import { ChangeCommitter, FirstRowsStage, TableUpkeep, newTableColumns } from '@cdc-demo/lake-core';
import type {
  FileFacts,
  OpenTable,
  SinkFormat,
  StateOutcome,
  TableColumns,
  TableState,
} from '@cdc-demo/lake-core';
import { CheckpointKeeper } from '../checkpoint-write/checkpoint-keeper.ts';
import { DeltaError, deltaErrors, isDeltaError } from '../errors.ts';
import type { AddFile } from '../log/actions.ts';
import { locateFile } from '../read/file-location.ts';
import { TABLE_TYPES } from '../schema/table-types.ts';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { deltaUpkeep } from '../upkeep/delta-upkeep.ts';
import { featuresOf, newProtocol } from '../write/features.ts';
import { LogWriter } from '../write/log-writer.ts';
import { newTableActions, newTableLayout } from '../write/new-table.ts';
import { rowFormat } from '../write/row-format.ts';
import { tableWriter } from '../write/table-files.ts';
import { unreadable } from '../write/table-readers.ts';
import { changeWriter } from './change-writer.ts';
import { columnsAction } from './columns-domain.ts';
import { DeltaCommits } from './delta-commits.ts';
import { removeSettledTables, unpublishedTable } from './remove-settled.ts';
import { restage } from './restage.ts';
import type { TableContext } from './sink-options.ts';
import { asStaged, numRecords, readStaged } from './staged-files.ts';
import type { NewDeltaTable } from './staged-files.ts';
import { stagePrefix, sweepStage } from './sweep-stage.ts';
import { positionActions } from './table-position.ts';
import { readState } from './table-state.ts';

/** A Delta table that follows a source table. */
export class DeltaSinkFormat implements SinkFormat<Snapshot, NewDeltaTable, AddFile> {
  readonly #context: TableContext;
  readonly #log: LogWriter;
  readonly #checkpoints: CheckpointKeeper;

  constructor(context: TableContext) {
    this.#context = context;
    this.#log = new LogWriter(context.store, context.clock);
    this.#checkpoints = new CheckpointKeeper(context.store, context.clock, context.logger);
  }

  get store(): ObjectStore {
    return this.#context.store;
  }

  async load(): Promise<Snapshot | undefined> {
    try {
      return await openSnapshot(this.store);
    } catch (error) {
      if (isDeltaError(error, 'delta/not-a-table')) return undefined;
      throw error;
    }
  }

  versionOf({ version }: Snapshot): bigint {
    return version;
  }

  readState(snapshot: Snapshot, writer: Writer): StateOutcome {
    return readState(this.#context, writer, snapshot);
  }

  goOn(snapshot: Snapshot, state: TableState, writer: Writer): OpenTable {
    const context = { ...this.#context, location: this.store.url };
    const { upkeep } = context;
    const [log, checkpoints] = [this.#log, this.#checkpoints];
    const commits = new DeltaCommits(context, { log, checkpoints, snapshot });
    const committer = new ChangeCommitter(
      { ...context, types: TABLE_TYPES, errors: deltaErrors },
      { commits, changeWriter: changeWriter(context), state, writer },
    );
    if (upkeep === 'off') return { committer, upkeep: undefined };
    const tasks = deltaUpkeep(context, { commits, committer, policy: upkeep });
    return { committer, upkeep: new TableUpkeep(context, tasks, upkeep) };
  }

  obstacle(schema: TableSchema): CdcError | undefined {
    const { mode, partitionBy, readers } = this.#context;
    const table = formatTableName(schema.table);
    const text = schema.fields.find(({ name, type }) => {
      return type.kind === 'string' && partitionBy.includes(name);
    });
    if (text) {
      const message = `${table} cannot be partitioned by ${text.name}: a text may be empty`;
      return new DeltaError('delta/partition-column', message, {
        context: { table, column: text.name },
      });
    }
    const { fields } = newTableColumns(schema, mode, TABLE_TYPES);
    return unreadable(newProtocol(featuresOf(fields)), readers);
  }

  empty(columns: TableColumns): NewDeltaTable {
    return { columns, files: [] };
  }

  joined(parts: readonly [NewDeltaTable, ...NewDeltaTable[]]): NewDeltaTable {
    return { columns: parts[0].columns, files: parts.flatMap(({ files }) => files) };
  }

  facts(file: AddFile): FileFacts {
    const { key } = locateFile(this.store, file.path);
    return { key, bytes: file.size, rows: numRecords(file) };
  }

  async create(
    { columns, files }: NewDeltaTable,
    point: CommitPoint,
  ): Promise<Snapshot | undefined> {
    const { table, clock, partitionBy, changeFeed } = this.#context;
    const nowMs = Math.floor(clock.nowMs());
    const name = formatTableName(table);
    const { outcome } = await this.#log.commit(undefined, {
      operation: 'CREATE TABLE AS SELECT',
      isBlindAppend: true,
      operationMetrics: { numFiles: files.length },
      actions: [
        ...newTableActions(columns.fields, { name, nowMs, partitionBy, changeFeed }),
        ...positionActions(table, point, nowMs),
        columnsAction(columns),
        ...files.map((add) => ({ add })),
      ],
    });
    return outcome === 'committed' ? openSnapshot(this.store) : undefined;
  }

  stage(pipeline: string, schema: TableSchema): SnapshotStage {
    const { store, layout, clock, mode, partitionBy } = this.#context;
    const columns = newTableColumns(schema, mode, TABLE_TYPES);
    const { fields } = columns;
    const format = rowFormat(newTableLayout(fields, partitionBy), fields);
    const prefix = stagePrefix(pipeline);
    return new FirstRowsStage({
      columns,
      writer: tableWriter({ store, format, layout, clock, prefix }),
      startedMs: clock.nowMs(),
      asStaged: (files, size) => asStaged({ ...size, columns, files }),
    });
  }

  readStaged(staged: StagedSnapshot): NewDeltaTable {
    return readStaged(staged);
  }

  sweepStaged(pipeline: string, kept: ReadonlySet<string>): Promise<number> {
    return sweepStage(this.store, pipeline, kept);
  }

  unpublished(id: string): DeltaSinkFormat {
    const store = unpublishedTable(this.store, id);
    return new DeltaSinkFormat({ ...this.#context, store, changeFeed: false, upkeep: 'off' });
  }

  async restage(): Promise<StagedSnapshot> {
    return restage(this.#context, await openSnapshot(this.store));
  }

  removeSettled(): Promise<void> {
    return removeSettledTables(this.#context);
  }

  settle(): Promise<void> {
    return this.#checkpoints.settle();
  }
}
