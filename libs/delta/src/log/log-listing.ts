import type { ObjectStore } from '@cdc-demo/cdc-core';

export const LOG_FOLDER = '_delta_log/';

const COMMIT = /^(\d{20})\.json$/;
const COMPACTION = /^(\d{20})\.(\d{20})\.compacted\.json$/;
const CHECKPOINT = /^(\d{20})\.checkpoint\.parquet$/;
const CHECKPOINT_PART = /^(\d{20})\.checkpoint\.(\d{10})\.(\d{10})\.parquet$/;
const CHECKPOINT_V2 = /^(\d{20})\.checkpoint\.([^.]+)\.(?:json|parquet)$/;

/** A commit's file. */
export interface CommitFile {
  readonly version: bigint;
  readonly key: string;
  readonly modifiedMs: number;
}

/** What the commits of a range of versions add up to ("Log Compaction Files"). */
export interface CompactionFile {
  readonly first: bigint;
  readonly last: bigint;
  readonly key: string;
}

/** A checkpoint all of whose own files are there; the sidecars of a V2 checkpoint may not be. */
export interface CheckpointFiles {
  readonly version: bigint;
  readonly keys: readonly string[];
  readonly modifiedMs: number;
}

/** What the folder of the log holds, in ascending order of versions. */
export interface LogListing {
  readonly commits: readonly CommitFile[];
  readonly checkpoints: readonly CheckpointFiles[];
  readonly compactions: readonly CompactionFile[];
}

/** The start of the names of a version's files: 20 digits. */
export function versionPrefix(version: bigint): string {
  return `${LOG_FOLDER}${version.toString().padStart(20, '0')}`;
}

export function commitKey(version: bigint): string {
  return `${versionPrefix(version)}.json`;
}

/** Lists commits, compactions and whole checkpoints from version `from` on. */
export async function listLog(store: ObjectStore, from = 0n): Promise<LogListing> {
  const commits: CommitFile[] = [];
  const checkpoints: CheckpointFiles[] = [];
  const compactions: CompactionFile[] = [];
  const parts = new Map<string, { readonly of: number; readonly keys: string[] }>();
  const options = { delimiter: '/', after: versionPrefix(from) } as const;
  for await (const { key, modifiedMs } of store.list(LOG_FOLDER, options)) {
    const name = key.slice(LOG_FOLDER.length);
    const commit = COMMIT.exec(name);
    if (commit) {
      commits.push({ version: BigInt(commit[1] ?? ''), key, modifiedMs });
      continue;
    }
    const compaction = COMPACTION.exec(name);
    if (compaction) {
      const [, first = '', last = ''] = compaction;
      compactions.push({ first: BigInt(first), last: BigInt(last), key });
      continue;
    }
    const part = CHECKPOINT_PART.exec(name);
    if (part) {
      const [, version = '', , of = ''] = part;
      const known = parts.get(`${version}.${of}`) ?? { of: Number(of), keys: [] };
      known.keys.push(key);
      parts.set(`${version}.${of}`, known);
      if (known.keys.length === known.of) {
        checkpoints.push({ version: BigInt(version), keys: known.keys, modifiedMs });
      }
      continue;
    }
    const whole = CHECKPOINT.exec(name) ?? CHECKPOINT_V2.exec(name);
    if (whole) checkpoints.push({ version: BigInt(whole[1] ?? ''), keys: [key], modifiedMs });
  }
  return { commits, checkpoints, compactions };
}
