import { ReaderPlace } from '@cdc-demo/lake-core';
import type { PlaceFile } from '@cdc-demo/lake-core';
import { IcebergError } from '../errors.ts';
import type { TableMetadata } from '../metadata/table-metadata.ts';
import { stepsBetween } from './snapshot-range.ts';

/** What a reader has not seen yet: the changes after one snapshot up to another. */
export interface UnreadSnapshots {
  /** Undefined for the beginning of the table. */
  readonly from: bigint | undefined;
  readonly to: bigint;
}

/**
 * Remembers up to which snapshot a reader has read a table's changes, in a file of his own, so that
 * he reads each change once, and learns when the snapshot that he was at has expired.
 */
export class SnapshotTracker {
  readonly #metadata: TableMetadata;
  readonly #place: ReaderPlace;

  /**
   * @param table opened anew for each look: it does not see later commits
   * @param file where the reader's place is kept; made by the first `read`
   */
  constructor(table: { readonly metadata: TableMetadata }, file: PlaceFile) {
    this.#metadata = table.metadata;
    this.#place = new ReaderPlace(file, {
      names: { tableId: 'tableUuid', at: 'snapshotId' },
      corrupt: (message, context) => {
        return new IcebergError('iceberg/tracker-corrupt', message, { context });
      },
    });
  }

  /**
   * What is new since `read` was called; undefined when nothing is.
   * @throws IcebergError `iceberg/snapshot-expired` when the table has forgotten a snapshot that
   * was not read, `iceberg/not-an-ancestor` when it was rolled back, `iceberg/table-replaced` when
   * another table lies there now, `iceberg/tracker-corrupt`
   */
  async unread(): Promise<UnreadSnapshots | undefined> {
    const { currentSnapshotId, snapshots, uuid = '', location } = this.#metadata;
    const place = await this.#place.load();
    if (place && place.tableId !== uuid) {
      const message = `The table at ${location} is another one than that which was read`;
      throw new IcebergError('iceberg/table-replaced', message, { context: { location } });
    }
    const current = snapshots.find(({ id }) => id === currentSnapshotId);
    if (!current) return undefined;
    const from = place?.at;
    const isNew = stepsBetween(this.#metadata, from, current).length > 0;
    return isNew ? { from, to: current.id } : undefined;
  }

  /** Everything up to a snapshot, it included, was read. Call it when what was read is safe. */
  async read(snapshotId: bigint): Promise<void> {
    const { uuid = '' } = this.#metadata;
    await this.#place.save({ tableId: uuid, at: snapshotId });
  }
}
