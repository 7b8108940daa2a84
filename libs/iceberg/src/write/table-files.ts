import type { Field, ObjectStore } from '@cdc-demo/cdc-core';
import { TableFileWriter } from '@cdc-demo/lake-core';
import type { FileLayout, FileSummary, PartitionSplit } from '@cdc-demo/lake-core';
import type { FileRecord } from '../manifest/write-manifest.ts';
import type { TablePartition } from '../partition/partition-split.ts';
import { ENGINE_INFO } from './engine-info.ts';
import { fileMetrics } from './file-metrics.ts';
import { NO_DELETES } from './live-data-file.ts';
import type { LiveDataFile } from './live-data-file.ts';

export interface NewFiles {
  readonly store: ObjectStore;
  /** Of the table, without a slash at the end. */
  readonly location: string;
  /** The columns, with the ids that files carry. */
  readonly fields: readonly Field[];
  readonly layout: FileLayout;
  readonly partitions: PartitionSplit<TablePartition> | TablePartition;
  /** Name of a file before its unique part; none by default. */
  readonly prefix?: string;
}

export type TableWriter = TableFileWriter<TablePartition, LiveDataFile>;

/** Writes rows to new data files below the folder `data`. */
export function tableWriter(files: NewFiles): TableWriter {
  const { store, location, fields, layout, partitions, prefix = '' } = files;
  return new TableFileWriter({
    store,
    layout,
    columns: fields.map((field, at) => ({ at, field })),
    root: 'data/',
    prefix,
    createdBy: ENGINE_INFO,
    partitions,
    describe: (summary: FileSummary<TablePartition>) => {
      return newDataFile(recordOf(summary, { location, fields }));
    },
  });
}

function recordOf(
  { key, rows, bytes, leaves, partition }: FileSummary<TablePartition>,
  { location, fields }: Pick<NewFiles, 'location' | 'fields'>,
): FileRecord {
  return {
    content: 0,
    file_path: `${location}/${key}`,
    file_format: 'PARQUET',
    spec_id: partition.specId,
    partition: partition.values,
    record_count: BigInt(rows),
    file_size_in_bytes: BigInt(bytes),
    ...fileMetrics(fields, leaves),
  };
}

/** A data file as its manifest will describe it. */
function newDataFile(record: FileRecord): LiveDataFile {
  const path = record.file_path;
  const none = new Map<number, never>();
  return {
    path,
    record: () => record,
    deletes: NO_DELETES,
    file: {
      content: 'data',
      path,
      format: 'PARQUET',
      specId: record.spec_id,
      partition: record.partition,
      recordCount: Number(record.record_count),
      sizeBytes: Number(record.file_size_in_bytes),
      metrics: { lower: none, upper: none, nullCounts: none, valueCounts: none },
      isEncrypted: false,
      sequenceNumber: 0n,
      firstRowId: undefined,
      equalityIds: [],
      referencedDataFile: undefined,
      blob: undefined,
    },
  };
}
