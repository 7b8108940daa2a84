import type { Clock, ObjectStat, ObjectStore } from '@cdc-demo/cdc-core';

/** Files that are deleted at the same time. */
const AT_ONCE = 16;

export interface FileDeletionOptions {
  readonly clock: Clock;
  /** Only tells what would be deleted. */
  readonly dryRun?: boolean | undefined;
  /** Called for each file before it is deleted. */
  readonly onFile?: ((file: ObjectStat) => void) | undefined;
  /** Called between pieces of work, with what the last one took; throws when it is to end. */
  readonly pause?: ((workedMs: number) => Promise<void>) | undefined;
}

/** Deletes files a few at a time, in their order, and counts them. */
export class FileDeletion {
  readonly #store: ObjectStore;
  readonly #options: FileDeletionOptions;
  #waiting: string[] = [];
  #startedMs: number;
  #files = 0;
  #bytes = 0;

  constructor(store: ObjectStore, options: FileDeletionOptions) {
    this.#store = store;
    this.#options = options;
    this.#startedMs = options.clock.monotonicMs();
  }

  get files(): number {
    return this.#files;
  }

  get bytes(): number {
    return this.#bytes;
  }

  async add(file: ObjectStat): Promise<void> {
    this.#options.onFile?.(file);
    this.#files++;
    this.#bytes += file.size;
    this.#waiting.push(file.key);
    if (this.#waiting.length >= AT_ONCE) await this.finish();
  }

  /** Resolves when all that was added is deleted. */
  async finish(): Promise<void> {
    const { dryRun = false, clock, pause } = this.#options;
    if (!dryRun) await Promise.all(this.#waiting.map((key) => this.#store.delete(key)));
    this.#waiting = [];
    await pause?.(clock.monotonicMs() - this.#startedMs);
    this.#startedMs = clock.monotonicMs();
  }
}
