import { isCdcError } from '@cdc-demo/cdc-core';
import type { Clock, Logger, ObjectStore } from '@cdc-demo/cdc-core';
import type { Commit } from '../log/actions.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { fileRetentionMs } from '../table-properties.ts';
import { versionChecksum, writeVersionChecksum } from '../write/version-checksum.ts';
import type { VersionChecksum } from '../write/version-checksum.ts';
import { checkpointContent } from './checkpoint-content.ts';
import { readTombstones } from './tombstones.ts';
import { LAST_CHECKPOINT_KEY, writeCheckpoint } from './write-checkpoint.ts';

/** Versions between two checkpoints, at least. */
const MIN_COMMITS = 10;
/** Versions between two checkpoints, at most: a reader fetches a file for each. */
const MAX_COMMITS = 100;
/** The same where checkpoints are large: one for each thousand actions of the last one. */
const MOST_COMMITS = 1000;

/**
 * Writes checkpoints and version checksums beside the commits, never in their way: a failure is
 * logged, and the next commit tries again. A checkpoint is due when the log since the last one has
 * grown to a half of what that one holds, so that its cost per commit stays flat, or has become
 * long.
 */
export class CheckpointKeeper {
  readonly #store: ObjectStore;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** Version of the newest checkpoint; undefined until it was looked up. */
  #last: bigint | undefined;
  /** Actions in it. */
  #lastSize = 0;
  #actionsSince = 0;
  #running: Promise<void> | undefined;
  #checked: Promise<void> = Promise.resolve();

  constructor(store: ObjectStore, clock: Clock, logger: Logger) {
    this.#store = store;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Takes note of a commit; the snapshot stands at it. */
  committed(snapshot: Snapshot, commit: Commit): void {
    this.#check(versionChecksum(snapshot, commit));
    this.#actionsSince += commit.actions.length;
    if (this.#running) return;
    if (this.#last === undefined) this.#run(() => this.#begin(snapshot));
    else if (this.#isDue(snapshot, this.#last)) this.#run(() => this.#write(snapshot));
  }

  /** Resolves when nothing is being written. */
  async settle(): Promise<void> {
    await Promise.all([this.#running, this.#checked]);
  }

  /** Writes the checksum of a version, one after the other. */
  #check(checksum: VersionChecksum): void {
    const write = async (): Promise<void> => writeVersionChecksum(this.#store, checksum);
    this.#checked = this.#checked.then(write).catch((error: unknown) => {
      const code = isCdcError(error) ? error.code : String(error);
      this.#logger.warn('no checksum could be written', { table: this.#store.url, code });
    });
  }

  #isDue({ version, fileCount }: Snapshot, last: bigint): boolean {
    const commits = Number(version - last);
    const size = Math.max(this.#lastSize, fileCount);
    if (commits >= Math.min(MOST_COMMITS, Math.max(MAX_COMMITS, size / 1000))) return true;
    return commits >= MIN_COMMITS && this.#actionsSince * 2 >= size;
  }

  /** Earlier runs' commits are taken to be as large as this one: runs may be of one commit each. */
  async #begin(snapshot: Snapshot): Promise<void> {
    const hint = readHint(await this.#store.get(LAST_CHECKPOINT_KEY));
    this.#last = BigInt(hint.version);
    this.#lastSize = hint.size;
    this.#actionsSince *= Math.max(1, Number(snapshot.version - this.#last));
    if (this.#isDue(snapshot, this.#last)) await this.#write(snapshot);
  }

  async #write(snapshot: Snapshot): Promise<void> {
    const content = checkpointContent(snapshot);
    const { version, metadata } = content;
    const actionsBefore = this.#actionsSince;
    const sinceMs = this.#clock.nowMs() - fileRetentionMs(metadata.configuration);
    const tombstones = readTombstones(this.#store, version, sinceMs);
    const actions = await writeCheckpoint(this.#store, content, tombstones);
    this.#last = version;
    this.#lastSize = actions;
    this.#actionsSince -= actionsBefore;
    this.#logger.debug('wrote a checkpoint', { version, actions });
  }

  #run(work: () => Promise<void>): void {
    this.#running = work()
      .catch((error: unknown) => {
        const code = isCdcError(error) ? error.code : String(error);
        this.#logger.warn('no checkpoint could be written', { table: this.#store.url, code });
      })
      .finally(() => {
        this.#running = undefined;
      });
  }
}

interface Hint {
  readonly version: number;
  readonly size: number;
}

/** A hint that cannot be read says nothing. */
function readHint(hint: Uint8Array | undefined): Hint {
  const nothing = { version: 0, size: 0 };
  if (!hint) return nothing;
  try {
    const { version = 0, size = 0 } = JSON.parse(Buffer.from(hint).toString()) as Partial<Hint>;
    return Number.isSafeInteger(version) && Number.isSafeInteger(size)
      ? { version, size }
      : nothing;
  } catch {
    return nothing;
  }
}
