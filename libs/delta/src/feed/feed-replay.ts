import { RowDigester, RowSetDigest } from '@cdc-demo/lake-core';
import type { ColumnBatch } from '@cdc-demo/cdc-core';
import { isAfterImage } from './changed-rows.ts';
import type { ChangedRow } from './changed-rows.ts';

/** A multiset of rows, in constant memory. */
export interface RowSet {
  readonly rows: number;
  readonly digest: RowSetDigest;
}

/** What a change feed leaves of rows at each of its versions, in 16 bytes a version. */
export class FeedReplay {
  readonly #digester = new RowDigester();
  readonly #left: { readonly version: bigint; readonly digest: RowSetDigest }[] = [];
  #begin = new RowSetDigest();

  /** The rows of batches, whose digests can be compared with those of this replay. */
  async setOf(batches: AsyncIterable<ColumnBatch>): Promise<RowSet> {
    const digest = new RowSetDigest();
    let rows = 0;
    for await (const batch of batches) {
      for (let row = 0; row < batch.length; row++, rows++) {
        digest.add(this.#digester.digest(batch.fields, batch.row(row)));
      }
    }
    return { rows, digest };
  }

  /** Begins with rows instead of none. */
  begin({ digest }: RowSet): void {
    this.#begin = digest;
  }

  /** Changes come in the order of their versions. */
  apply({ changeType, version, fields, values }: ChangedRow): void {
    let newest = this.#left.at(-1);
    if (newest?.version !== version) {
      newest = { version, digest: (newest?.digest ?? this.#begin).copy() };
      this.#left.push(newest);
    }
    const digest = this.#digester.digest(fields, values);
    if (isAfterImage(changeType)) newest.digest.add(digest);
    else newest.digest.remove(digest);
  }

  /** What is left when all changes up to a version, it included, are applied. */
  at(version: bigint): RowSetDigest {
    return this.#left.findLast((entry) => entry.version <= version)?.digest ?? this.#begin;
  }
}
