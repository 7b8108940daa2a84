import { deletedMeanwhile } from '@cdc-demo/lake-core';
import type { RewriteOutput, SourceNow } from '@cdc-demo/lake-core';
import type { CommitTarget } from '../commit/commit-target.ts';
import type { FileChanges } from '../commit/snapshot-writer.ts';
import { ownDeletes, sameDeletes } from '../write/live-data-file.ts';
import type { LiveDataFile } from '../write/live-data-file.ts';
import { discardRowDeletes, writeRowDeletes } from '../write/row-deletes.ts';
import type { CompactionContext, IcebergCompaction } from './stage-compaction.ts';

/** A compaction whose files are durable and that no snapshot has yet. */
export interface PreparedCompaction {
  readonly changes: FileChanges;
  readonly outputs: readonly RewriteOutput<LiveDataFile>[];
  readonly bytes: number;
  /** Removes what was written for this attempt; the outputs stay. */
  discard(): Promise<void>;
}

/**
 * What puts the new files in the place of the old ones in the newest snapshot. What other commits
 * have deleted from the old files since they were read is deleted in the new ones.
 * @returns undefined when there is nothing to gain any more, or rows came back that were left out
 */
export async function prepareCompaction(
  { store, layout }: CompactionContext,
  staged: IcebergCompaction,
  { version: { metadata }, rows }: CommitTarget,
): Promise<PreparedCompaction | undefined> {
  if (metadata.currentSchemaId !== staged.schemaId) return undefined;
  const paths = new Set(staged.sources.map(({ file }) => file.path));
  const live = new Map<string, LiveDataFile>();
  for (const file of rows.files) if (paths.has(file.path)) live.set(file.path, file);
  const reader = rows.openReader();
  const vectors = await deletedMeanwhile(staged, async ({ file, deleted }): Promise<SourceNow> => {
    const current = live.get(file.path);
    if (!current) return { state: 'gone' };
    if (sameDeletes(current, file)) return { state: 'live', deleted };
    return { state: 'live', deleted: await reader.deletedRows(current) };
  });
  if (!vectors) return undefined;
  const kept = staged.outputs.map(({ file, rows: count }, i) => {
    const deleted = vectors[i]?.cardinality ? vectors[i] : undefined;
    return { file, rows: count, deleted, isEmpty: deleted?.cardinality === count };
  });
  const marked = kept.flatMap(({ file, deleted, isEmpty }) =>
    deleted && !isEmpty ? { file, deleted } : [],
  );
  const { location, formatVersion } = metadata;
  const written = await writeRowDeletes({ store, layout, location }, marked, formatVersion);
  const withDeletes = new Map(written.files.map((file) => [file.path, file]));
  const outputs = kept.map(({ file, rows: count, deleted, isEmpty }) => {
    if (isEmpty) return { rows: count, file: undefined };
    return {
      rows: count,
      file: { file: withDeletes.get(file.path) ?? file, rows: count, deleted },
    };
  });
  const added = outputs.flatMap(({ file }) => file?.file ?? []);
  return {
    changes: {
      operation: 'replace',
      data: added.map((file) => file.record()),
      deletes: written.records,
      removed: new Set([...live.values()].flatMap((file) => [file.path, ...ownDeletes(file)])),
    },
    outputs,
    bytes: added.reduce((sum, { file }) => sum + file.sizeBytes, 0),
    discard: () => discardRowDeletes({ store }, written),
  };
}
