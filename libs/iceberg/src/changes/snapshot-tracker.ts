import type { ObjectStore } from '@cdc-demo/cdc-core';
import { IcebergError } from '../errors.ts';
import type { TableMetadata } from '../metadata/table-metadata.ts';
import { stepsBetween } from './snapshot-range.ts';

/** What a reader has not seen yet: the changes after one snapshot up to another. */
export interface UnreadSnapshots {
  /** Undefined for the beginning of the table. */
  readonly from: bigint | undefined;
  readonly to: bigint;
}

/** What a tracker's file holds. */
interface Tracked {
  readonly tableUuid: string;
  /** As text: an id has 63 bits. */
  readonly snapshotId: string;
}

/**
 * Remembers up to which snapshot a reader has read a table's changes, in a file of his own, so that
 * he reads each change once, and learns when the snapshot that he was at has expired.
 */
export class SnapshotTracker {
  readonly #metadata: TableMetadata;
  readonly #file: { readonly store: ObjectStore; readonly key: string };

  /**
   * @param table opened anew for each look: it does not see later commits
   * @param file where the reader's place is kept; made by the first `read`
   */
  constructor(
    table: { readonly metadata: TableMetadata },
    file: { readonly store: ObjectStore; readonly key: string },
  ) {
    this.#metadata = table.metadata;
    this.#file = file;
  }

  /**
   * What is new since `read` was called; undefined when nothing is.
   * @throws IcebergError `iceberg/snapshot-expired` when the table has forgotten a snapshot that
   * was not read, `iceberg/not-an-ancestor` when it was rolled back, `iceberg/table-replaced` when
   * another table lies there now, `iceberg/tracker-corrupt`
   */
  async unread(): Promise<UnreadSnapshots | undefined> {
    const { currentSnapshotId, snapshots, uuid = '', location } = this.#metadata;
    const tracked = await this.#tracked();
    if (tracked && tracked.tableUuid !== uuid) {
      const message = `The table at ${location} is another one than that which was read`;
      throw new IcebergError('iceberg/table-replaced', message, { context: { location } });
    }
    const current = snapshots.find(({ id }) => id === currentSnapshotId);
    if (!current) return undefined;
    const from = tracked && BigInt(tracked.snapshotId);
    const isNew = stepsBetween(this.#metadata, from, current).length > 0;
    return isNew ? { from, to: current.id } : undefined;
  }

  /** Everything up to a snapshot, it included, was read. Call it when what was read is safe. */
  async read(snapshotId: bigint): Promise<void> {
    const { uuid = '' } = this.#metadata;
    const tracked: Tracked = { tableUuid: uuid, snapshotId: snapshotId.toString() };
    await this.#file.store.put(this.#file.key, Buffer.from(`${JSON.stringify(tracked)}\n`));
  }

  async #tracked(): Promise<Tracked | undefined> {
    const { store, key } = this.#file;
    const bytes = await store.get(key);
    if (!bytes) return undefined;
    const found = parse(Buffer.from(bytes).toString('utf8'));
    if (found) return found;
    const file = `${store.url}${key}`;
    throw new IcebergError('iceberg/tracker-corrupt', `${file} is not a tracker's file`, {
      context: { file },
    });
  }
}

function parse(text: string): Tracked | undefined {
  try {
    const json = JSON.parse(text) as Partial<Record<keyof Tracked, unknown>>;
    const { tableUuid, snapshotId } = json;
    if (typeof tableUuid !== 'string' || typeof snapshotId !== 'string') return undefined;
    return /^\d+$/.test(snapshotId) ? { tableUuid, snapshotId } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
