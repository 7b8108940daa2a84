import { DeletionVector, deletedMeanwhile } from '@cdc-demo/lake-core';
import type { IndexedFile, RewriteOutput, SourceNow } from '@cdc-demo/lake-core';
import { definitionActions, withDeletionVectors } from '../evolve/definition.ts';
import type { Action, AddFile } from '../log/actions.ts';
import { logicalFileKey } from '../log/logical-file-key.ts';
import { readDeletionVector } from '../deletion-vectors/read-deletion-vector.ts';
import type { TableContext } from '../sink/sink-options.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { writeDeletionVectors } from '../write/deletion-vector-file.ts';
import type { CommitRequest } from '../write/log-writer.ts';
import { removal } from '../write/removal.ts';
import { withWideBounds } from '../write/statistics.ts';
import type { DeltaCompaction } from './stage-compaction.ts';

/** A commit of a compaction whose files are durable and that no version has yet. */
export interface PreparedCompaction {
  readonly actions: readonly Action[];
  readonly needsDeletionVectors: boolean;
  readonly outputs: readonly RewriteOutput<AddFile>[];
  /** Paths of the sources that are removed. */
  readonly removed: readonly string[];
  /** Removes what was written for this attempt; the outputs stay. */
  discard(): Promise<void>;
}

/**
 * The actions that put the new files in the place of the old ones at the version of `snapshot`,
 * all with `dataChange=false`. What other commits have deleted from the old files since they were
 * read is deleted in the new ones.
 * @returns undefined when there is nothing to gain any more, or rows came back that were left out
 */
export async function prepareCompaction(
  { store }: Pick<TableContext, 'store'>,
  staged: DeltaCompaction,
  snapshot: Snapshot,
): Promise<PreparedCompaction | undefined> {
  if (snapshot.metadata.schemaString !== staged.schemaString) return undefined;
  const live = liveSources(staged.sources, snapshot);
  const vectors = await deletedMeanwhile(staged, async ({ file, deleted }): Promise<SourceNow> => {
    const current = live.get(file.path);
    if (!current) return { state: 'gone' };
    const isSame = logicalFileKey(current) === logicalFileKey(file);
    return { state: 'live', deleted: isSame ? deleted : await vectorOf(store, current) };
  });
  if (!vectors) return undefined;
  const marked = vectors.filter((vector, i) => isPartly(vector, staged.outputs[i]?.rows ?? 0));
  // Readers of a table without deletion vectors may know none.
  if (marked.length > 0 && !hasDeletionVectors(snapshot)) return undefined;
  const written = await writeDeletionVectors(store, marked);
  const { key } = written;
  let next = 0;
  const outputs = staged.outputs.map(({ file, rows }, i): RewriteOutput<AddFile> => {
    const deleted = vectors[i] ?? new DeletionVector();
    if (deleted.cardinality === rows) return { rows, file: undefined };
    const add = { ...file, dataChange: false };
    if (deleted.cardinality === 0) return { rows, file: { file: add, rows, deleted: undefined } };
    const deletionVector = written.descriptors[next++];
    if (!deletionVector) throw new Error('A deletion vector was not written');
    const stats = withWideBounds(add.stats ?? `{"numRecords":${rows}}`);
    return { rows, file: { file: { ...add, stats, deletionVector }, rows, deleted } };
  });
  return {
    actions: [
      ...[...live.values()].map((add) => removal(add, false)),
      ...liveOutputs(outputs).map(({ file }) => ({ add: file })),
    ],
    needsDeletionVectors: marked.length > 0,
    outputs,
    removed: [...live.keys()],
    discard: async () => {
      if (key !== undefined) await store.delete(key);
    },
  };
}

/** What the log is told of a compaction. */
export function compactionRequest(
  snapshot: Snapshot,
  { actions, outputs, removed, needsDeletionVectors }: PreparedCompaction,
): CommitRequest {
  const { protocol, metadata, schema } = snapshot;
  const present = { protocol, metadata, schema };
  const after = needsDeletionVectors ? withDeletionVectors(present) : present;
  const numAddedFiles = liveOutputs(outputs).length;
  return {
    operation: 'OPTIMIZE',
    operationMetrics: { numRemovedFiles: removed.length, numAddedFiles },
    isBlindAppend: false,
    actions: [...definitionActions(present, after), ...actions],
  };
}

/** The new files of which rows are live. */
export function liveOutputs(
  outputs: readonly RewriteOutput<AddFile>[],
): readonly IndexedFile<AddFile>[] {
  return outputs.flatMap(({ file }) => file ?? []);
}

function hasDeletionVectors({ metadata }: Snapshot): boolean {
  return metadata.configuration['delta.enableDeletionVectors'] === 'true';
}

/** The sources that are live, by path, as they are now. */
function liveSources(
  sources: readonly IndexedFile<AddFile>[],
  snapshot: Snapshot,
): Map<string, AddFile> {
  const paths = new Set(sources.map(({ file }) => file.path));
  const live = new Map<string, AddFile>();
  for (const add of snapshot.files()) if (paths.has(add.path)) live.set(add.path, add);
  return live;
}

async function vectorOf(
  store: TableContext['store'],
  { deletionVector }: AddFile,
): Promise<DeletionVector | undefined> {
  return deletionVector && readDeletionVector(store, deletionVector);
}

function isPartly({ cardinality }: DeletionVector, rows: number): boolean {
  return cardinality > 0 && cardinality < rows;
}
