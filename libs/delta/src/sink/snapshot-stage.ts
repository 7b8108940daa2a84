import { createHash } from 'node:crypto';
import type {
  ColumnBatch,
  JsonValue,
  SnapshotStage,
  StagedSnapshot,
  TableSchema,
} from '@cdc-demo/cdc-core';
import { bytesOf, firstRows, newTableColumns } from '@cdc-demo/lake-core';
import type { TableColumns } from '@cdc-demo/lake-core';
import type { AddFile } from '../log/actions.ts';
import { TABLE_TYPES } from '../schema/table-types.ts';
import { newTableLayout } from '../write/new-table.ts';
import { rowFormat } from '../write/row-format.ts';
import { tableWriter } from '../write/table-files.ts';
import type { TableWriter } from '../write/table-files.ts';
import type { TableContext } from './sink-options.ts';

/** Beginning of the names of staged files of a pipeline. */
export function stagePrefix(pipeline: string): string {
  const hash = createHash('sha256').update(pipeline).digest('hex').slice(0, 12);
  return `part-stage-${hash}-`;
}

/** Plain JSON from which a table with the same files and columns is made. */
export interface StagedFiles {
  readonly rows: number;
  readonly bytes: number;
  readonly columns: TableColumns;
  readonly files: readonly AddFile[];
}

/**
 * Writes the first rows of a table to files that no log names yet. While one batch is encoded the
 * next may arrive: an error of encoding comes from the next `write` or `finish`.
 */
export class DeltaSnapshotStage implements SnapshotStage {
  readonly #columns: TableColumns;
  readonly #writer: TableWriter;
  readonly #startedUs: bigint;
  #encoding: Promise<void> = Promise.resolve();

  constructor(context: TableContext, pipeline: string, schema: TableSchema) {
    const { store, layout, clock, mode, partitionBy } = context;
    this.#columns = newTableColumns(schema, mode, TABLE_TYPES);
    this.#startedUs = BigInt(Math.floor(clock.nowMs())) * 1000n;
    const { fields } = this.#columns;
    const format = rowFormat(newTableLayout(fields, partitionBy), fields);
    const prefix = stagePrefix(pipeline);
    this.#writer = tableWriter({ store, format, layout, clock, prefix });
  }

  async write(rows: ColumnBatch): Promise<void> {
    await this.#encoding;
    this.#encoding = this.#writer.write(firstRows(rows, this.#columns, this.#startedUs));
    this.#encoding.catch(() => {
      // Told by the next await of the same promise.
    });
  }

  async finish(): Promise<StagedSnapshot> {
    await this.#encoding;
    const files = await this.#writer.finish();
    return asStaged({
      rows: this.#writer.rows,
      bytes: bytesOf(files),
      columns: this.#columns,
      files: files.map(({ file }) => file),
    });
  }

  async abort(): Promise<void> {
    await Promise.allSettled([this.#encoding]);
    await this.#writer.abort();
  }
}

export function asStaged(files: StagedFiles): StagedSnapshot {
  return files as StagedFiles & Readonly<Record<string, JsonValue>>;
}

/** What `asStaged` gave, perhaps in an earlier process. */
export function readStaged(staged: StagedSnapshot): StagedFiles {
  return staged as unknown as StagedFiles;
}
