import type { Clock, ObjectStore } from '@cdc-demo/cdc-core';
import { DataFileWriter, TableFileWriter } from '@cdc-demo/lake-core';
import type { DataFilesOptions, FileLayout, FileSummary } from '@cdc-demo/lake-core';
import type { AddFile } from '../log/actions.ts';
import { ENGINE_INFO } from './engine-info.ts';
import { fileStatistics } from './file-statistics.ts';
import { ValueSplit, WHOLE_TABLE } from './partition-split.ts';
import type { Partition } from './partition-split.ts';
import type { RowFormat } from './row-format.ts';

export interface TableFiles {
  readonly store: ObjectStore;
  readonly format: RowFormat;
  readonly layout: FileLayout;
  readonly clock: Clock;
  /**
   * `rows` of the table (default), with the partition columns, which other formats look for in the
   * file; or `changes`, without them, as change files are.
   */
  readonly content?: 'rows' | 'changes';
  /** Folder of all files with its `/`; the table's own by default. */
  readonly root?: string;
  /** Name of a file before its unique part and the suffix. */
  readonly prefix: string;
}

export type TableWriter = TableFileWriter<Partition, AddFile>;

/** Writes rows to new files, for each partition its own. */
export function tableWriter(files: TableFiles): TableWriter {
  const { format } = files;
  const partitions = format.partition.length > 0 ? new ValueSplit(format) : WHOLE_TABLE;
  return new TableFileWriter({ ...fileOptions(files), partitions });
}

/** Writes rows of one partition to new files. */
export function partitionWriter(
  files: TableFiles,
  partition: Partition,
): DataFileWriter<Partition, AddFile> {
  return new DataFileWriter({ ...fileOptions(files), partition });
}

function fileOptions(files: TableFiles): Omit<DataFilesOptions<Partition, AddFile>, 'partition'> {
  const { store, format, layout, clock, content = 'rows', root = '', prefix } = files;
  const leftOut = new Set(content === 'changes' ? format.partition : []);
  const columns = format.physical.flatMap((field, at) => (leftOut.has(at) ? [] : { at, field }));
  const describe = ({ key, rows, bytes, partition, leaves }: FileSummary<Partition>): AddFile => ({
    path: key,
    partitionValues: partition.values,
    size: bytes,
    modificationTime: Math.floor(clock.nowMs()),
    dataChange: true,
    stats: fileStatistics(rows, format, leaves),
  });
  return { store, layout, columns, root, prefix, createdBy: ENGINE_INFO, describe };
}
