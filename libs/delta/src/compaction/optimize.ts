import type { Clock, Field, ObjectStore } from '@cdc-demo/cdc-core';
import { DEFAULT_LAYOUT, planCompaction } from '@cdc-demo/lake-core';
import type { FileLayout } from '@cdc-demo/lake-core';
import { DeltaError } from '../errors.ts';
import type { AddFile } from '../log/actions.ts';
import { toFields } from '../schema/to-fields.ts';
import { SCHEMA_DOMAIN, parseColumnsDomain } from '../sink/columns-domain.ts';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { fileConditions } from '../upkeep/table-condition.ts';
import { assertKnownToWriter } from '../write/features.ts';
import { LogWriter } from '../write/log-writer.ts';
import { compactionRequest, liveOutputs, prepareCompaction } from './prepare-compaction.ts';
import { discardCompaction, stageCompaction } from './stage-compaction.ts';
import type { DeltaCompaction } from './stage-compaction.ts';

/** Attempts of one commit among other writers. */
const MAX_ATTEMPTS = 20;

export interface OptimizeOptions extends Partial<FileLayout> {
  readonly clock: Clock;
  /** A file with this share of deleted rows is rewritten without them; by default a twentieth. */
  readonly deletedShare?: number | undefined;
}

export interface OptimizeResult {
  readonly removedFiles: number;
  readonly addedFiles: number;
  readonly addedBytes: number;
  /** The version that the table has now. */
  readonly version: bigint;
}

/**
 * Merges all small files of a table and drops deleted rows, in a commit for each new file that
 * shows no change of data. Others may write meanwhile, the pipeline that keeps the table too: what
 * they delete stays deleted.
 * @throws DeltaError `delta/not-writable` when the table needs a writer that knows more,
 * `delta/conflict` when others take every version; as `openSnapshot`
 */
export async function optimize(
  store: ObjectStore,
  options: OptimizeOptions,
): Promise<OptimizeResult> {
  const { clock, deletedShare = 0.05 } = options;
  const layout: FileLayout = {
    compression: options.compression ?? DEFAULT_LAYOUT.compression,
    targetFileBytes: options.targetFileBytes ?? DEFAULT_LAYOUT.targetFileBytes,
    targetFileRows: options.targetFileRows ?? DEFAULT_LAYOUT.targetFileRows,
  };
  const snapshot = await openSnapshot(store);
  assertKnownToWriter(store, snapshot.protocol);
  const bins = planCompaction(fileConditions(snapshot), {
    targetBytes: layout.targetFileBytes,
    targetRows: layout.targetFileRows,
    minFiles: 2,
    sizeRatio: Infinity,
    deletedShare,
  });
  const context = { store, clock, layout };
  let [removedFiles, addedFiles, addedBytes] = [0, 0, 0];
  for (const bin of bins) {
    const files = bin.map(({ add }) => add);
    const fields = fieldsOf(snapshot);
    const staged = await stageCompaction({ context, snapshot, fields, files, pause });
    const added = await commit(context, staged, snapshot);
    removedFiles += added ? files.length : 0;
    addedFiles += added?.length ?? 0;
    addedBytes += added?.reduce((sum, { size }) => sum + size, 0) ?? 0;
  }
  return { removedFiles, addedFiles, addedBytes, version: snapshot.version };
}

/** Nothing else waits for this process. */
function pause(): Promise<void> {
  return Promise.resolve();
}

/** The files that were added; undefined when the table went on so that they are of no use. */
async function commit(
  context: { readonly store: ObjectStore; readonly clock: Clock },
  staged: DeltaCompaction,
  snapshot: Snapshot,
): Promise<AddFile[] | undefined> {
  const { store, clock } = context;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    assertKnownToWriter(store, snapshot.protocol);
    const prepared = await prepareCompaction(context, staged, snapshot);
    if (!prepared) {
      await discardCompaction(context, staged);
      return undefined;
    }
    const request = compactionRequest(snapshot, prepared);
    const logged = await new LogWriter(store, clock).commit(snapshot, request);
    if (logged.outcome === 'committed') {
      snapshot.apply(logged.commit);
      return liveOutputs(prepared.outputs).map(({ file }) => file);
    }
    await prepared.discard();
    await snapshot.update();
  }
  await discardCompaction(context, staged);
  throw new DeltaError('delta/conflict', `Other writers took every version of ${store.url}`, {
    context: { location: store.url, attempts: MAX_ATTEMPTS },
  });
}

/** The columns, with the ids that files carry where the table keeps them. */
function fieldsOf({ schema, domains }: Snapshot): readonly Field[] {
  const fields = toFields(schema);
  const domain = domains.get(SCHEMA_DOMAIN);
  return domain ? parseColumnsDomain(fields, domain).fields : fields;
}
