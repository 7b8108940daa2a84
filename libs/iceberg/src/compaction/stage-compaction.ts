import type { Clock, ObjectStore } from '@cdc-demo/cdc-core';
import { copyRows } from '@cdc-demo/lake-core';
import type { FileLayout, MovedKeys, StagedCompaction, TableColumns } from '@cdc-demo/lake-core';
import type { CommitTarget } from '../commit/commit-target.ts';
import { boundSpec } from '../partition/partition-columns.ts';
import { partitionOf } from '../partition/partition-split.ts';
import { LINEAGE_FIELDS } from '../read/row-lineage.ts';
import type { LiveDataFile } from '../write/live-data-file.ts';
import { tableWriter } from '../write/table-files.ts';

/** Files that hold the rows of others, durable and in no snapshot yet. */
export interface IcebergCompaction extends StagedCompaction<LiveDataFile> {
  /** What the files were read and written with. */
  readonly schemaId: number;
  readonly columns: TableColumns;
}

export interface CompactionContext {
  readonly store: ObjectStore;
  readonly layout: FileLayout;
  readonly clock: Clock;
}

export interface CompactionWork {
  readonly target: CommitTarget;
  /** Of one partition. */
  readonly files: readonly LiveDataFile[];
  readonly keys?: MovedKeys | undefined;
  /** Called between pieces of work, with what the last one took; throws when it is to end. */
  readonly pause: (workedMs: number) => Promise<void>;
}

/**
 * Copies the live rows of files into new ones; as `copyRows`. With version 3 rows take their ids
 * with them, and when they were last changed (table specification, "Row Lineage").
 */
export async function stageCompaction(
  { store, layout, clock }: CompactionContext,
  { target, files, keys, pause }: CompactionWork,
): Promise<IcebergCompaction> {
  const { metadata } = target.version;
  const { location, currentSchemaId, formatVersion, defaultSpecId } = metadata;
  const { fields } = target.columns;
  const hasLineage = formatVersion === 3;
  const stored = hasLineage ? [...fields, ...LINEAGE_FIELDS] : fields;
  const { specId = defaultSpecId, partition = [] } = files[0]?.file ?? {};
  const partitions = partitionOf(boundSpec(metadata, specId), partition);
  const writer = tableWriter({ store, layout, location, fields: stored, partitions });
  const reader = target.rows.openReader(hasLineage ? 'lineage' : 'rows');
  const copied = await copyRows({ files, reader, writer, keys, clock, pause });
  return { ...copied, keys, schemaId: currentSchemaId, columns: target.columns };
}

/** Removes the files again. */
export async function discardCompaction(
  { store }: Pick<CompactionContext, 'store'>,
  { outputs }: IcebergCompaction,
): Promise<void> {
  await Promise.all(outputs.map(({ key }) => store.delete(key)));
}
