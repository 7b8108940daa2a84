import { ReaderPlace } from '@cdc-demo/lake-core';
import type { Place, PlaceFile } from '@cdc-demo/lake-core';
import type { DeltaTable } from '../delta-table.ts';
import { DeltaError } from '../errors.ts';

/** Versions that a reader has not seen yet, both included. */
export interface UnreadVersions {
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Remembers up to which version a reader has read a table's change feed, in a file of his own, so
 * that he reads each version once, and learns when versions that he has not read are gone.
 */
export class VersionTracker {
  readonly #table: DeltaTable;
  readonly #place: ReaderPlace;

  /** @param file where the reader's place is kept; made by the first `read` */
  constructor(table: DeltaTable, file: PlaceFile) {
    this.#table = table;
    this.#place = new ReaderPlace(file, {
      names: { tableId: 'tableId', at: 'version' },
      corrupt: (message, context) => new DeltaError('delta/tracker-corrupt', message, { context }),
    });
  }

  /**
   * What is new since `read` was called; undefined when nothing is.
   * @throws DeltaError `delta/version-missing` when the log does not have the next version any
   * more, `delta/table-replaced` when another table lies there now, `delta/tracker-corrupt`
   */
  async unread(): Promise<UnreadVersions | undefined> {
    const { first: oldest, last } = await this.#table.versions();
    const place = await this.#place.load();
    const first = place === undefined ? 0n : place.at + 1n;
    if (place) await this.#assertSameTable(place);
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
    await this.#place.save({ tableId: metadata.id, at: version });
  }

  async #assertSameTable({ tableId, at }: Place): Promise<void> {
    const { metadata } = await this.#table.snapshot();
    if (metadata.id === tableId) return;
    throw new DeltaError(
      'delta/table-replaced',
      `The table at ${this.#table.store.url} is another one than that read up to ${at}`,
      { context: { location: this.#table.store.url } },
    );
  }
}
