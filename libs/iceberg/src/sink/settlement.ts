import type {
  CommitOutcome,
  CommitPoint,
  SnapshotSettlement,
  StagedSnapshot,
} from '@cdc-demo/cdc-core';
import { copyRows } from '@cdc-demo/lake-core';
import type { SourceChanges } from '@cdc-demo/lake-core';
import type { CommitTarget } from '../commit/commit-target.ts';
import { commitWriter } from '../commit/upsert-commit.ts';
import type { FileRecord } from '../manifest/write-manifest.ts';
import { boundSpec } from '../partition/partition-columns.ts';
import { hasDeletes } from '../write/live-data-file.ts';
import type { LiveDataFile } from '../write/live-data-file.ts';
import type { IcebergTableSink } from './iceberg-table-sink.ts';
import type { TableContext } from './sink-options.ts';
import { asStaged } from './staged-files.ts';

/** Staged rows in a table that nobody sees, which takes changes as any table does. */
export class IcebergSettlement implements SnapshotSettlement {
  readonly #context: TableContext;
  readonly #table: IcebergTableSink;

  /** @param table created from staged rows, in the store of `context` */
  constructor(context: TableContext, table: IcebergTableSink) {
    this.#context = context;
    this.#table = table;
  }

  write(changes: SourceChanges): Promise<void> {
    return this.#table.write(changes);
  }

  commit(point: CommitPoint): Promise<CommitOutcome> {
    return this.#table.commit(point);
  }

  async finish(): Promise<StagedSnapshot> {
    const { commits, columns } = this.#table.opened;
    await this.#table.close();
    const target = await commits.target(columns);
    const { metadata } = target.version;
    const files: FileRecord[] = [];
    for (const file of target.rows.files) {
      if (hasDeletes(file)) files.push(...(await this.#rewritten(file, target)));
      else files.push(file.record());
    }
    return asStaged({
      rows: files.reduce((sum, file) => sum + Number(file.record_count), 0),
      bytes: files.reduce((sum, file) => sum + Number(file.file_size_in_bytes), 0),
      columns,
      spec: boundSpec(metadata, metadata.defaultSpecId).spec,
      files,
    });
  }

  /** A file without its deleted rows: a new table begins without delete files. */
  async #rewritten(file: LiveDataFile, target: CommitTarget): Promise<readonly FileRecord[]> {
    const writer = commitWriter(this.#context, target);
    const { outputs } = await copyRows({
      files: [file],
      reader: target.rows.openReader(),
      writer,
      keys: undefined,
      clock: this.#context.clock,
      pause: () => Promise.resolve(),
    });
    return outputs.map((output) => output.file.record());
  }
}
