import type { ObjectStore } from '@cdc-demo/cdc-core';
import type { DeltaTable } from '../delta-table.ts';
import { DeltaError } from '../errors.ts';

/** Versions that a reader has not seen yet, both included. */
export interface UnreadVersions {
  readonly first: bigint;
  readonly last: bigint;
}

/** What a tracker's file holds. */
interface Tracked {
  readonly tableId: string;
  /** As text: a version has 64 bits. */
  readonly version: string;
}

/**
 * Remembers up to which version a reader has read a table's change feed, in a file of his own, so
 * that he reads each version once, and learns when versions that he has not read are gone.
 */
export class VersionTracker {
  readonly #table: DeltaTable;
  readonly #file: { readonly store: ObjectStore; readonly key: string };

  /** @param file where the reader's place is kept; made by the first `read` */
  constructor(table: DeltaTable, file: { readonly store: ObjectStore; readonly key: string }) {
    this.#table = table;
    this.#file = file;
  }

  /**
   * What is new since `read` was called; undefined when nothing is.
   * @throws DeltaError `delta/version-missing` when the log does not have the next version any
   * more, `delta/table-replaced` when another table lies there now, `delta/tracker-corrupt`
   */
  async unread(): Promise<UnreadVersions | undefined> {
    const { first: oldest, last } = await this.#table.versions();
    const tracked = await this.#tracked();
    const first = tracked === undefined ? 0n : BigInt(tracked.version) + 1n;
    if (tracked) await this.#assertSameTable(tracked);
    if (first > last) return undefined;
    if (first >= oldest) return { first, last };
    throw new DeltaError(
      'delta/version-missing',
      `The changes of versions ${first} to ${oldest - 1n} are gone: the log begins at ${oldest}`,
      { context: { first, oldest } },
    );
  }

  /** Everything up to a version, it included, was read. Call it when what was read is safe. */
  async read(version: bigint): Promise<void> {
    const { metadata } = await this.#table.snapshot({ version });
    const tracked: Tracked = { tableId: metadata.id, version: version.toString() };
    await this.#file.store.put(this.#file.key, Buffer.from(`${JSON.stringify(tracked)}\n`));
  }

  async #assertSameTable({ tableId, version }: Tracked): Promise<void> {
    const { metadata } = await this.#table.snapshot();
    if (metadata.id === tableId) return;
    throw new DeltaError(
      'delta/table-replaced',
      `The table at ${this.#table.store.url} is another one than that read up to ${version}`,
      { context: { location: this.#table.store.url } },
    );
  }

  async #tracked(): Promise<Tracked | undefined> {
    const { store, key } = this.#file;
    const bytes = await store.get(key);
    if (!bytes) return undefined;
    const found = parse(Buffer.from(bytes).toString('utf8'));
    if (found) return found;
    throw new DeltaError('delta/tracker-corrupt', `${store.url}${key} is not a tracker's file`, {
      context: { file: `${store.url}${key}` },
    });
  }
}

function parse(text: string): Tracked | undefined {
  try {
    const { tableId, version } = JSON.parse(text) as Partial<Record<keyof Tracked, unknown>>;
    if (typeof tableId !== 'string' || typeof version !== 'string') return undefined;
    return /^\d+$/.test(version) ? { tableId, version } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
