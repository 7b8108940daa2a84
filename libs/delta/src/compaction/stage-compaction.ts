import type { Field } from '@cdc-demo/cdc-core';
import { ParquetFileCache, copyRows } from '@cdc-demo/lake-core';
import type { MovedKeys, StagedCompaction } from '@cdc-demo/lake-core';
import type { AddFile } from '../log/actions.ts';
import type { TableContext } from '../sink/sink-options.ts';
import { storedRows } from '../commit/stored-rows.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { partitionOf } from '../write/partition-split.ts';
import { rowFormat } from '../write/row-format.ts';
import { partitionWriter } from '../write/table-files.ts';

/** Files that hold the rows of others, durable and in no version yet. */
export interface DeltaCompaction extends StagedCompaction<AddFile> {
  /** The schema that the files were read and written with. */
  readonly schemaString: string;
}

export interface CompactionWork {
  readonly context: Pick<TableContext, 'store' | 'layout' | 'clock'>;
  readonly snapshot: Snapshot;
  /** The table's columns with the ids that its files carry. */
  readonly fields: readonly Field[];
  /** Live files of one partition. */
  readonly files: readonly AddFile[];
  readonly keys?: MovedKeys | undefined;
  /** Called between pieces of work, with what the last one took; throws when it is to end. */
  readonly pause: (workedMs: number) => Promise<void>;
}

/** Copies the live rows of files into new ones; as `copyRows`. */
export async function stageCompaction(work: CompactionWork): Promise<DeltaCompaction> {
  const { context, snapshot, files, keys, pause } = work;
  const { store, layout, clock } = context;
  const format = rowFormat(snapshot, work.fields);
  const partition = partitionOf(format, files[0]?.partitionValues ?? {});
  const writer = partitionWriter({ store, format, layout, clock, prefix: 'part-' }, partition);
  const cache = new ParquetFileCache(store);
  const reader = storedRows(snapshot, snapshot, { store, cache }).openReader();
  const { schemaString } = snapshot.metadata;
  const copied = await copyRows({ files, reader, writer, keys, clock, pause });
  return { ...copied, keys, schemaString };
}

/** Removes the files again. */
export async function discardCompaction(
  { store }: Pick<TableContext, 'store'>,
  { outputs }: DeltaCompaction,
): Promise<void> {
  await Promise.all(outputs.map(({ key }) => store.delete(key)));
}
