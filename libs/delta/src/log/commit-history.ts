import type { ObjectStore } from '@cdc-demo/cdc-core';
import { DeltaError } from '../errors.ts';
import type { Action, CommitInfo, StringMap } from './actions.ts';
import { monotoneTimeMs } from './commit-time.ts';
import type { CommitFile } from './log-listing.ts';
import { commitInfoOf, parseActions } from './read-commit.ts';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** What a version says of itself. */
export interface HistoryEntry {
  readonly version: bigint;
  /** As `Snapshot.timestampMs`. */
  readonly timestampMs: number;
  readonly operation: string | undefined;
  readonly commitInfo: CommitInfo | undefined;
}

/**
 * The commits that the log still has, with their times.
 *
 * A commit without in-commit timestamp has the time at which its file was written, raised above
 * the commit before it, so that times never go back however the files were copied.
 */
export class CommitHistory {
  readonly #store: ObjectStore;
  readonly #commits: readonly CommitFile[];
  /** By place in `#commits`. */
  readonly #fileTimesMs: readonly number[];

  /** @param commits in ascending order of versions */
  constructor(store: ObjectStore, commits: readonly CommitFile[]) {
    this.#store = store;
    this.#commits = commits;
    let previous: number | undefined;
    this.#fileTimesMs = commits.map(({ modifiedMs }) => {
      previous = monotoneTimeMs(modifiedMs, previous);
      return previous;
    });
  }

  /** First and last version, or undefined when there is no commit. */
  get range(): { readonly first: bigint; readonly last: bigint } | undefined {
    const first = this.#commits[0]?.version;
    const last = this.#commits.at(-1)?.version;
    return first === undefined || last === undefined ? undefined : { first, last };
  }

  /** The time of a commit whose actions were read already. */
  timeMs(version: bigint, actions: readonly Action[]): number {
    return commitInfoOf(actions)?.inCommitTimestamp ?? this.#fileTimesMs[this.#at(version)] ?? 0;
  }

  /** When a version that the log has was committed. */
  async timestampMs(version: bigint): Promise<number> {
    const at = this.#at(version);
    const file = this.#commits[at];
    return file ? (await this.#entry(file, at)).timestampMs : 0;
  }

  /** The commits from `first` to `last`, both included, that the log has. */
  files(first: bigint, last: bigint): readonly CommitFile[] {
    return this.#commits.filter(({ version }) => version >= first && version <= last);
  }

  /** Entries from the newest to the oldest. */
  async *entries(): AsyncGenerator<HistoryEntry, void, undefined> {
    for (let at = this.#commits.length - 1; at >= 0; at--) {
      const file = this.#commits[at];
      if (file) yield await this.#entry(file, at);
    }
  }

  /**
   * The newest version whose time is at or before `timeMs`; undefined when the first one is later.
   * @param firstInCommit the first version that has an in-commit timestamp, if any has
   */
  async versionAt(timeMs: number, firstInCommit: bigint | undefined): Promise<bigint | undefined> {
    const split = this.#commits.findIndex(
      ({ version }) => firstInCommit !== undefined && version >= firstInCommit,
    );
    const end = split < 0 ? this.#commits.length : split;
    const inCommit = await lastIndex({ from: end, to: this.#commits.length }, async (at) => {
      const file = this.#commits[at];
      return file !== undefined && (await this.#entry(file, at)).timestampMs <= timeMs;
    });
    const byFile = await lastIndex({ from: 0, to: end }, (at) =>
      Promise.resolve((this.#fileTimesMs[at] ?? 0) <= timeMs),
    );
    return this.#commits[inCommit ?? byFile ?? -1]?.version;
  }

  async #entry({ version, key }: CommitFile, at: number): Promise<HistoryEntry> {
    const body = await this.#store.get(key);
    if (!body) {
      throw new DeltaError('delta/version-missing', `The commit of version ${version} is gone`, {
        context: { version },
      });
    }
    const commitInfo = readCommitInfo(body, key);
    const timestampMs = commitInfo?.inCommitTimestamp ?? this.#fileTimesMs[at] ?? 0;
    return { version, timestampMs, operation: commitInfo?.operation, commitInfo };
  }

  #at(version: bigint): number {
    return this.#commits.findIndex((commit) => commit.version === version);
  }
}

/**
 * The first version with an in-commit timestamp (Delta protocol, "Recommendations for Readers of
 * Tables with In-Commit Timestamps"); undefined when the table has none.
 */
export function firstInCommitTimestamp(configuration: StringMap): bigint | undefined {
  if (configuration['delta.enableInCommitTimestamps']?.toLowerCase() !== 'true') return undefined;
  return BigInt(configuration['delta.inCommitTimestampEnablementVersion'] ?? '0');
}

/** The last place in a range of which `holds`, given that it holds up to some place only. */
async function lastIndex(
  { from, to }: { readonly from: number; readonly to: number },
  holds: (at: number) => Promise<boolean>,
): Promise<number | undefined> {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (await holds(middle)) low = middle + 1;
    else high = middle;
  }
  return low > from ? low - 1 : undefined;
}

/** Only the line of the commit's info is parsed, where it begins as writers begin it. */
function readCommitInfo(body: Uint8Array, key: string): CommitInfo | undefined {
  const line = decoder
    .decode(body)
    .split('\n')
    .find((text) => text.startsWith('{"commitInfo"'));
  return commitInfoOf(line === undefined ? parseActions(body, key) : parsed(line, key));
}

function parsed(line: string, key: string): readonly Action[] {
  return parseActions(encoder.encode(line), key);
}
