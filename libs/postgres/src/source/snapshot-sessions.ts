import { formatTableName } from '@cdc-demo/cdc-core';
import type { TableName } from '@cdc-demo/cdc-core';
import { isPartitioned } from '../catalog/partition.ts';
import type { Query } from '../catalog/query.ts';
import { textOf, textOrNull } from '../catalog/query.ts';
import { sqlState } from '../connection/connect-error.ts';
import type { ConnectionTarget } from '../connection/connection-target.ts';
import { quoteLiteral, quoteTable } from '../connection/quote.ts';
import { Session } from '../connection/session.ts';
import { PostgresError } from '../errors.ts';

/** lock_not_available, deadlock_detected */
const CONFLICTS = ['55P03', '40P01'];
const BEGIN = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
const LOCKING = 'import the snapshot and lock the tables for reading';

/** Sessions that all show one snapshot, and whose locks keep the tables from being rewritten. */
export interface SnapshotSessions {
  /** For the catalog. */
  readonly guard: Session;
  readonly workers: readonly Session[];
  /** `pg_current_snapshot()`. */
  readonly snapshot: string;
}

/** Where the snapshot comes from. */
export type SnapshotOrigin =
  /** Called once, when every session is open: makes a snapshot, says its name. */
  | { readonly kind: 'exported'; readonly export: () => Promise<string> }
  /** One of the guard's own. */
  | { readonly kind: 'own' };

/**
 * Opens the sessions, the snapshot, and locks on `tables`. Once it resolves, the session that
 * exported a snapshot may go: all of these hold it themselves.
 * @throws PostgresError
 */
export async function openSnapshotSessions(
  target: ConnectionTarget,
  tables: readonly TableName[],
  { workers: count, origin }: { readonly workers: number; readonly origin: SnapshotOrigin },
): Promise<SnapshotSessions> {
  const sessions = await openSessions(target, 1 + count);
  try {
    const [guard, ...workers] = sessions as [Session, ...Session[]];
    const lock = await lockSql(guard.query, tables);
    let name: string;
    if (origin.kind === 'exported') {
      name = await origin.export();
      await lockTables(guard, `${importSql(name)}; ${lock}`);
    } else {
      // Locked first: the snapshot is that of the first statement behind it.
      await lockTables(guard, `${BEGIN}; ${lock}`);
      const [row = {}] = await guard.query('select pg_catalog.pg_export_snapshot() as name', []);
      name = textOf(row, 'name');
    }
    const lockNow = `${importSql(name)}; ${lock} NOWAIT`;
    await allOrNone(workers.map((session) => lockTables(session, lockNow)));
    await checkTables(guard.query, tables);
    const current = 'select pg_catalog.pg_current_snapshot()::text as snapshot';
    const [row = {}] = await guard.query(current, []);
    return { guard, workers, snapshot: textOf(row, 'snapshot') };
  } catch (error) {
    await Promise.allSettled(sessions.map((session) => session.close()));
    throw error;
  }
}

async function openSessions(target: ConnectionTarget, count: number): Promise<Session[]> {
  const opening = Array.from({ length: count }, () => Session.open(target));
  try {
    return await allOrNone(opening);
  } catch (error) {
    for (const each of await Promise.allSettled(opening)) {
      if (each.status === 'fulfilled') await each.value.close();
    }
    throw error;
  }
}

/** Waits for every one, so that none goes on behind the back of whoever handles the failure. */
async function allOrNone<T>(running: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(running);
  return Promise.all(running);
}

/** Begins a transaction that shows the snapshot. */
function importSql(snapshotName: string): string {
  return `${BEGIN}; SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshotName)}`;
}

/** Of a partitioned table the partitions are locked with it. */
export async function lockSql(query: Query, tables: readonly TableName[]): Promise<string> {
  const list: string[] = [];
  for (const table of tables) {
    list.push(rowsOf({ table, isPartitioned: await isPartitioned(query, table) }));
  }
  return `LOCK TABLE ${list.join(', ')} IN ACCESS SHARE MODE`;
}

/** The rows of a table in SQL: not those of tables that inherit from it, but of its partitions. */
export function rowsOf({
  table,
  isPartitioned,
}: {
  table: TableName;
  isPartitioned: boolean;
}): string {
  return `${isPartitioned ? '' : 'ONLY '}${quoteTable(table)}`;
}

/**
 * Keeps the tables from being rewritten, dropped or truncated. Every session that reads takes the
 * locks before any table is read, and only the first of them waits for its locks: another one could
 * queue behind a TRUNCATE that waits for the first, which no deadlock detector sees.
 */
async function lockTables(session: Session, sql: string): Promise<void> {
  try {
    await session.command(sql, LOCKING);
  } catch (cause) {
    if (!CONFLICTS.includes(sqlState(cause))) throw cause;
    const message = 'A table was locked by somebody else while the snapshot was prepared.';
    throw new PostgresError('postgres/snapshot-disturbed', message, { cause });
  }
}

/**
 * Makes sure that no table was rewritten between the snapshot and the lock: to the snapshot it
 * would look empty (Postgres, "Caveats" of concurrency control).
 */
export async function checkTables(query: Query, tables: readonly TableName[]): Promise<void> {
  for (const table of tables) {
    if (await isAsInSnapshot(query, table)) continue;
    const name = formatTableName(table);
    throw new PostgresError(
      'postgres/snapshot-disturbed',
      `The table ${name} was rewritten, truncated or partitioned anew during the snapshot.`,
      { context: { table: name } },
    );
  }
}

/**
 * The catalog's rows are those of the snapshot, the functions look at the moment. Nothing that held
 * rows may have been rewritten, or have become or ceased to be a partition.
 */
export async function isAsInSnapshot(query: Query, table: TableName): Promise<boolean> {
  const sql = `
    with recursive root as (
      select c.oid from pg_catalog.pg_class c
      join pg_catalog.pg_namespace n on n.oid = c.relnamespace
      where n.nspname = $1 and c.relname = $2
    ), seen as (
      select root.oid from root
      union all
      select i.inhrelid from pg_catalog.pg_inherits i
      join seen on seen.oid = i.inhparent
      join pg_catalog.pg_class p on p.oid = i.inhparent and p.relkind = 'p'
    ), present as (
      select root.oid from root
      union
      select t.relid::pg_catalog.oid from root
      cross join lateral pg_catalog.pg_partition_tree(root.oid::pg_catalog.regclass) t
    )
    select bool_and(
      seen.oid is not null and present.oid is not null
      and (c.relkind <> 'r' or c.relfilenode = pg_catalog.pg_relation_filenode(c.oid))
    )::text as same
    from seen full join present using (oid)
    join pg_catalog.pg_class c on c.oid = coalesce(seen.oid, present.oid)`;
  const [row] = await query(sql, [table.namespace, table.name]);
  return row !== undefined && textOrNull(row, 'same') === 'true';
}
