import type { Transaction } from '@cdc-demo/cdc-core';
import type { Relation } from './relation.ts';

/**
 * Why decoding stopped after a RELATION message. The caller reads the catalog and calls
 * `setTable`, or `ignoreTable` for a table that it does not follow, then goes on with the next
 * message.
 */
export interface NeedsCatalog {
  readonly kind: 'needs-catalog';
  /**
   * `unknown`: no table with this OID was given; `changed`: columns were added, or an ignored table
   * has another identity. A partition whose rows come under the name of its root is announced too:
   * it is not published itself, ignore it when its identity fits.
   */
  readonly reason: 'unknown' | 'changed';
  readonly relation: Relation;
}

/** What a decoder tells besides the rows. Called synchronously, in the order of the messages. */
export interface PgoutputHandler {
  /** A transaction ended; the assembler holds it, unless `skipped`. */
  committed?(transaction: Transaction, skipped: boolean): void;
  /** A logical message (`pg_logical_emit_message`); `content` is a view, valid during the call. */
  message?(message: LogicalMessage): void;
  /** The open transaction was replicated to the source from elsewhere. */
  origin?(name: string, lsn: bigint): void;
}

export interface LogicalMessage {
  readonly transactional: boolean;
  readonly lsn: bigint;
  readonly prefix: string;
  readonly content: Uint8Array;
}
