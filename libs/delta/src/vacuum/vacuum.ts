import type { ObjectStat, ObjectStore } from '@cdc-demo/cdc-core';
import { FileDeletion } from '@cdc-demo/lake-core';
import type { FileDeletionOptions } from '@cdc-demo/lake-core';
import { DeltaError } from '../errors.ts';
import { readDefinition } from '../snapshot/read-definition.ts';
import { fileRetentionMs } from '../table-properties.ts';
import { assertKnownToWriter } from '../write/features.ts';
import { referencedFiles } from './referenced-files.ts';

const FEED_FOLDER = '_change_data/';
/**
 * A change file is written before its commit: for this part of the retention longer it is kept by
 * its age alone.
 */
const FEED_MARGIN = 1 / 7;

export interface VacuumOptions extends FileDeletionOptions {
  /**
   * What the versions of so many milliseconds need is kept. By default, and at least unless
   * `force` is given, what the table says (`delta.deletedFileRetentionDuration`, a week).
   */
  readonly retentionMs?: number | undefined;
  /** Also with a shorter retention: files of commits that are being made may go, too. */
  readonly force?: boolean | undefined;
}

export interface VacuumResult {
  readonly deletedFiles: number;
  readonly deletedBytes: number;
  /** Versions that were the newest at this time or later can still be read. */
  readonly cutoffMs: number;
}

/**
 * Deletes the files of a table that no version within the retention needs and that are older than
 * it: data files, deletion vectors and change files, and what failed commits have left. Hidden
 * folders are left alone. Safe to be ended at any moment and to be run again.
 * @throws DeltaError `delta/not-writable` when the table needs a writer that knows more,
 * `delta/retention-too-short`, `delta/property-invalid`; as `openSnapshot`
 */
export async function vacuum(store: ObjectStore, options: VacuumOptions): Promise<VacuumResult> {
  const { clock } = options;
  const { protocol, metadata } = await readDefinition(store);
  assertKnownToWriter(store, protocol);
  const retentionMs = retention(store, fileRetentionMs(metadata.configuration), options);
  const cutoffMs = clock.nowMs() - retentionMs;
  const referenced = await referencedFiles(store, cutoffMs);
  const isKept = ({ key, modifiedMs }: ObjectStat): boolean => {
    const marginMs = key.startsWith(FEED_FOLDER) ? retentionMs * FEED_MARGIN : 0;
    return modifiedMs >= cutoffMs - marginMs || referenced.has(key);
  };
  const deletion = new FileDeletion(store, options);
  for await (const file of visibleFiles(store, metadata.partitionColumns)) {
    if (!isKept(file)) await deletion.add(file);
  }
  await deletion.finish();
  return { deletedFiles: deletion.files, deletedBytes: deletion.bytes, cutoffMs };
}

/**
 * All files but hidden ones: in or with a name that begins with `_` or `.`, except change files and
 * folders of partition columns. A hidden folder is passed over as a whole.
 */
async function* visibleFiles(
  store: ObjectStore,
  partitionColumns: readonly string[],
): AsyncGenerator<ObjectStat> {
  const isHidden = (name: string): boolean =>
    /^[_.]/.test(name) && !partitionColumns.some((column) => name.startsWith(`${column}=`));
  let after: string | undefined;
  let isDone = false;
  while (!isDone) {
    isDone = true;
    for await (const file of store.list('', after === undefined ? {} : { after })) {
      const from = file.key.startsWith(FEED_FOLDER) ? FEED_FOLDER.length : 0;
      const names = file.key.slice(from).split('/');
      const hidden = names.findIndex(isHidden);
      if (hidden < 0) yield file;
      else if (hidden < names.length - 1) {
        // `0` is the character behind `/`: the listing goes on behind the folder.
        after = `${file.key.slice(0, from)}${names.slice(0, hidden + 1).join('/')}0`;
        isDone = false;
        break;
      }
    }
  }
}

function retention(
  store: ObjectStore,
  least: number,
  { retentionMs = least, force = false }: VacuumOptions,
): number {
  if (retentionMs >= least || (force && retentionMs >= 0)) return retentionMs;
  const hours = (ms: number): string => `${String(Math.round((ms / 3_600_000) * 100) / 100)} hours`;
  throw new DeltaError(
    'delta/retention-too-short',
    `${store.url}: a retention of ${hours(retentionMs)} is below the ${hours(least)} of the table`,
    { context: { location: store.url, retentionMs, leastMs: least } },
  );
}
