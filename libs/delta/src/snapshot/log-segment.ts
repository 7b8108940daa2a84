import type { ObjectStore } from '@cdc-demo/cdc-core';
import { DeltaError } from '../errors.ts';
import { lastCheckpointHint } from '../log/last-checkpoint-hint.ts';
import { listLog, LOG_FOLDER } from '../log/log-listing.ts';
import type {
  CheckpointFiles,
  CommitFile,
  CompactionFile,
  LogListing,
} from '../log/log-listing.ts';

/** The files of the log that make up one version. */
export interface LogSegment {
  readonly version: bigint;
  /** Undefined when the commits begin with version 0. */
  readonly checkpoint: CheckpointFiles | undefined;
  /** The commits behind the checkpoint, without gap, up to `version`. */
  readonly commits: readonly CommitFile[];
  /** What `commits` add up to, in fewer files where there are compactions. */
  readonly replay: readonly ReplayFile[];
  /** The commit of the checkpoint's own version, where it is still there. */
  readonly checkpointCommit: CommitFile | undefined;
}

/** A commit, or the compaction of the commits that it covers, whose version is that of the last. */
export interface ReplayFile extends CommitFile {
  readonly covers?: readonly CommitFile[];
}

/**
 * Finds the files of the log for a version, or for the newest.
 * @param without checkpoints that are passed over
 * @throws DeltaError `delta/not-a-table`, `delta/log-gap`, `delta/version-missing`
 */
export async function findLogSegment(
  store: ObjectStore,
  version?: bigint,
  without: readonly CheckpointFiles[] = [],
): Promise<LogSegment> {
  const hint = await lastCheckpointHint(store);
  if (hint !== undefined && (version === undefined || hint <= version)) {
    const listing = await listed(store, hint, without);
    // A stale or wrong hint: the checkpoint that it names is not there.
    const isUseful = listing.checkpoints.some((checkpoint) => checkpoint.version === hint);
    if (isUseful) return segmentOf(store, listing, version);
  }
  return segmentOf(store, await listed(store, 0n, without), version);
}

async function listed(
  store: ObjectStore,
  from: bigint,
  without: readonly CheckpointFiles[],
): Promise<LogListing> {
  const listing = await listLog(store, from);
  const isLeftOut = ({ keys }: CheckpointFiles): boolean =>
    without.some((checkpoint) => checkpoint.keys[0] === keys[0]);
  return { ...listing, checkpoints: listing.checkpoints.filter((one) => !isLeftOut(one)) };
}

function segmentOf(
  store: ObjectStore,
  { commits, checkpoints, compactions }: LogListing,
  version: bigint | undefined,
): LogSegment {
  const newest = greatest(commits.at(-1)?.version, checkpoints.at(-1)?.version);
  if (newest === undefined) {
    throw new DeltaError(
      'delta/not-a-table',
      `${store.url} is no Delta table: ${LOG_FOLDER} has no commit and no checkpoint`,
      { context: { url: store.url } },
    );
  }
  const wanted = version ?? newest;
  if (wanted > newest) throw missing(wanted, `the newest is ${newest}`);
  const checkpoint = checkpoints.findLast((candidate) => candidate.version <= wanted);
  const first = checkpoint === undefined ? 0n : checkpoint.version + 1n;
  const needed = commits.filter((commit) => commit.version >= first && commit.version <= wanted);
  assertContiguous(needed, { first, wanted, oldest: commits[0]?.version });
  return {
    version: wanted,
    checkpoint,
    commits: needed,
    replay: replayOf(needed, compactions),
    checkpointCommit: checkpoint && commits.find((c) => c.version === checkpoint.version),
  };
}

/**
 * Each compaction in place of the commits that it covers, of several the longest. The last commit
 * is read itself: it alone says when it was made.
 */
function replayOf(
  commits: readonly CommitFile[],
  compactions: readonly CompactionFile[],
): ReplayFile[] {
  const end = commits.at(-1)?.version ?? 0n;
  const files: ReplayFile[] = [];
  for (let at = 0; at < commits.length; ) {
    const commit = commits[at];
    if (!commit) break;
    const longest = compactions
      .filter(({ first, last }) => first === commit.version && last > first && last < end)
      .reduce<CompactionFile | undefined>((a, b) => (a && a.last > b.last ? a : b), undefined);
    const count = longest ? Number(longest.last - longest.first) + 1 : 1;
    const covers = commits.slice(at, at + count);
    const last = covers.at(-1) ?? commit;
    files.push(longest ? { ...last, key: longest.key, covers } : commit);
    at += count;
  }
  return files;
}

function assertContiguous(
  commits: readonly CommitFile[],
  range: {
    readonly first: bigint;
    readonly wanted: bigint;
    readonly oldest: bigint | undefined;
  },
): void {
  let next = range.first;
  for (const { version } of commits) {
    if (version !== next) throw gap(next, range);
    next++;
  }
  if (next <= range.wanted) throw gap(next, range);
}

function gap(
  version: bigint,
  { wanted, oldest }: { readonly wanted: bigint; readonly oldest: bigint | undefined },
): DeltaError {
  if (oldest === undefined || oldest > wanted) {
    return missing(wanted, 'the log of so old versions was cleaned up');
  }
  return new DeltaError(
    'delta/log-gap',
    `The log of the table is not contiguous: version ${version} is missing, later ones are there`,
    { context: { version } },
  );
}

function missing(version: bigint, why: string): DeltaError {
  return new DeltaError('delta/version-missing', `There is no version ${version}: ${why}`, {
    context: { version },
  });
}

function greatest(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
}
