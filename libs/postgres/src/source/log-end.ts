import { parseLsn } from '@cdc-demo/cdc-core';
import type { Query } from '../catalog/query.ts';
import { textOf } from '../catalog/query.ts';

const PAGE = 8192n;
/** Headers of a log page, and of the first page of a segment. */
const PAGE_HEADERS = [24n, 40n];

/**
 * The LSN where the last record ends, given where the next one begins: the server says the latter,
 * which lies behind the page's header when a page is still empty, and no record ever ends there.
 */
export function endOfRecords(insertLsn: bigint): bigint {
  const offset = insertLsn % PAGE;
  return PAGE_HEADERS.includes(offset) ? insertLsn - offset : insertLsn;
}

/**
 * Where the log ends now. All that is committed lies before it, and a replication stream reaches it
 * soon without anything else being written.
 *
 * What lies behind the last commit stays in memory until the next one (a SELECT that tidies a page
 * writes such records): then a transaction that changes nothing lets the WAL writer take it to
 * disk, at most three times `wal_writer_delay` later.
 * @param query outside of a transaction
 */
export async function readLogEnd(query: Query): Promise<bigint> {
  const [row = {}] = await query(
    `select pg_catalog.pg_current_wal_insert_lsn()::text as insert_lsn,
            pg_catalog.pg_current_wal_flush_lsn()::text as flush_lsn`,
    [],
  );
  const end = endOfRecords(parseLsn(textOf(row, 'insert_lsn')));
  if (parseLsn(textOf(row, 'flush_lsn')) < end) {
    await query('select pg_catalog.txid_current()::text', []);
  }
  return end;
}
