import { createHash } from 'node:crypto';
import type { ColumnBatch, SnapshotStage, StagedSnapshot, TableSchema } from '@cdc-demo/cdc-core';
import { bytesOf, firstRows, newTableColumns } from '@cdc-demo/lake-core';
import type { TableColumns } from '@cdc-demo/lake-core';
import type { PartitionSpec } from '../metadata/partition-spec.ts';
import { newSpec } from '../partition/partition-by.ts';
import { bindSpec } from '../partition/partition-columns.ts';
import { partitionsOf } from '../partition/partition-split.ts';
import { TABLE_TYPES } from '../schema/table-types.ts';
import { tableWriter } from '../write/table-files.ts';
import type { TableWriter } from '../write/table-files.ts';
import type { TableContext } from './sink-options.ts';
import { asStaged } from './staged-files.ts';

/** Beginning of the names of staged files of a pipeline. */
export function stagePrefix(pipeline: string): string {
  const hash = createHash('sha256').update(pipeline).digest('hex').slice(0, 12);
  return `stage-${hash}-`;
}

/**
 * Writes the first rows of a table to files that no metadata names yet. While one batch is encoded
 * the next may arrive: an error of encoding comes from the next `write` or `finish`.
 */
export class IcebergSnapshotStage implements SnapshotStage {
  readonly #columns: TableColumns;
  readonly #spec: PartitionSpec;
  readonly #writer: TableWriter;
  readonly #startedUs: bigint;
  #encoding: Promise<void> = Promise.resolve();

  constructor(context: TableContext, { location, pipeline, schema }: StageParts) {
    const { store, layout, clock, mode, partitionBy = [] } = context;
    this.#columns = newTableColumns(schema, mode, TABLE_TYPES);
    this.#startedUs = BigInt(Math.floor(clock.nowMs())) * 1000n;
    const { fields } = this.#columns;
    const prefix = stagePrefix(pipeline);
    this.#spec = newSpec(partitionBy, fields);
    const partitions = partitionsOf(bindSpec(this.#spec, [fields], location), fields);
    this.#writer = tableWriter({ store, location, fields, layout, partitions, prefix });
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
      spec: this.#spec,
      files: files.map(({ file }) => file.record()),
    });
  }

  async abort(): Promise<void> {
    await Promise.allSettled([this.#encoding]);
    await this.#writer.abort();
  }
}

export interface StageParts {
  /** Of the table, without a slash at the end. */
  readonly location: string;
  readonly pipeline: string;
  readonly schema: TableSchema;
}
