import type { TableSchema } from '@cdc-demo/cdc-core';
import type { ColumnCodec } from '../types/column-codec.ts';

/** One column as the publication sends it. */
export interface ColumnSource {
  readonly name: string;
  /** `pg_attribute.attnum`: never given to another column of the table. */
  readonly attnum: number;
  readonly typeOid: number;
  readonly typmod: number;
  readonly notNull: boolean;
  /**
   * Rows that were there when the column was added may hold more than NULL in it: it has or had a
   * default, is generated, an identity, or of a domain with a default.
   */
  readonly hasDefault: boolean;
  readonly codec: ColumnCodec;
}

/** What `REPLICA IDENTITY` says: which columns of an old row are sent. */
export type ReplicaIdentity = 'default' | 'full' | 'index' | 'nothing';

/** A table as one publication sends it, by the catalog of the moment. */
export interface PublishedTable {
  /**
   * Fields in the order of `columns`, field id = attnum; version 1. The key is that of the replica
   * identity's index where one was chosen, otherwise the primary key; empty where there is none or
   * one of its columns is not published. Only the key's fields are not nullable: of any other
   * column the log may hold rows from before SET NOT NULL.
   */
  readonly schema: TableSchema;
  /** In the order of attnum, which is the order on the wire. */
  readonly columns: readonly ColumnSource[];
  readonly replicaIdentity: ReplicaIdentity;
  readonly hasPrimaryKey: boolean;
  readonly relationOid: number;
  /** Rows are in its partitions, which are none of their own to the publication. */
  readonly isPartitioned: boolean;
  /** By the server's statistics, by the size where there are none. */
  readonly estimatedRows: number;
  /** Does every column have a binary form that is known here? */
  readonly binary: boolean;
  /** The publication's row filter as an SQL expression without `WHERE`; needs Postgres 15. */
  readonly rowFilter: string | undefined;
  /**
   * Per column that was added with a constant default: that default in the text form of a
   * one-element array (`attmissingval`). Rows from before have it without ever having been sent.
   */
  readonly missingDefaults: ReadonlyMap<string, string>;
}
