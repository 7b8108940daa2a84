import { formatTableName } from '@cdc-demo/cdc-core';
import type { TableName } from '@cdc-demo/cdc-core';
import { quoteTable } from '../connection/quote.ts';
import { PostgresError } from '../errors.ts';
import { textOf, textOrNull } from './query.ts';
import type { Query, Row } from './query.ts';

/** A leaf of a partitioned table: it holds the rows. */
export interface Partition {
  readonly oid: number;
  readonly table: TableName;
  /** `pg_class.relkind`: r table, f foreign table. */
  readonly kind: string;
  /** `pg_class.relpersistence`: p logged, u unlogged. */
  readonly persistence: string;
  /** `pg_class.relreplident`: d default, f full, i index, n nothing. Each leaf has its own. */
  readonly replicaIdentity: string;
  /** Columns of the index that is the replica identity (`i`) or the primary key (`d`). */
  readonly identityColumns: readonly string[];
}

const SQL = `
select c.oid::text as oid, n.nspname::text as namespace, c.relname::text as name,
       c.relkind::text as kind, c.relpersistence::text as persistence,
       c.relreplident::text as replica_identity,
       (select pg_catalog.json_agg(a.attname order by a.attname)::text
        from pg_catalog.pg_index i
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
        where i.indrelid = c.oid and i.indimmediate
          and case c.relreplident when 'i' then i.indisreplident else i.indisprimary end
       ) as identity_columns
from pg_catalog.pg_partition_tree($1::pg_catalog.oid::pg_catalog.regclass) t
join pg_catalog.pg_class c on c.oid = t.relid
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where t.isleaf and c.relkind <> 'p'
order by c.oid`;

/** The leaves of a partitioned table, by OID; of the moment, whatever the session's snapshot. */
export async function readPartitions(query: Query, rootOid: number): Promise<Partition[]> {
  return (await query(SQL, [String(rootOid)])).map(partition);
}

/** The topmost partitioned table that `oid` is a partition of, or undefined. */
export async function readPartitionRoot(query: Query, oid: number): Promise<number | undefined> {
  const sql = `select pg_catalog.pg_partition_root($1::pg_catalog.oid)::pg_catalog.oid::text as root`;
  const [row] = await query(sql, [String(oid)]);
  const root = row === undefined ? null : textOrNull(row, 'root');
  return root === null || Number(root) === oid ? undefined : Number(root);
}

function partition(row: Row): Partition {
  return {
    oid: Number(textOf(row, 'oid')),
    table: { namespace: textOf(row, 'namespace'), name: textOf(row, 'name') },
    kind: textOf(row, 'kind'),
    persistence: textOf(row, 'persistence'),
    replicaIdentity: textOf(row, 'replica_identity'),
    identityColumns: JSON.parse(textOrNull(row, 'identity_columns') ?? '[]') as string[],
  };
}

/** What of a partitioned table decides how the old rows of its partitions are labelled. */
export interface RootIdentity {
  readonly replicaIdentity: string;
  readonly identityColumns: readonly string[];
}

/**
 * Why changes of a partition cannot be told under the name of its root, or undefined. The server
 * writes an old row by the partition's identity and labels it by the root's: a key would be taken
 * for a whole row, with NULLs that are none.
 */
export function identityMismatch(root: RootIdentity, leaf: RootIdentity): string | undefined {
  if (leaf.replicaIdentity === 'f') return undefined;
  const names = [...leaf.identityColumns].sort().join();
  const isSame = root.replicaIdentity !== 'f' && [...root.identityColumns].sort().join() === names;
  if (isSame && leaf.replicaIdentity !== 'n') return undefined;
  return root.replicaIdentity === 'f'
    ? 'has another replica identity than FULL, which its partitioned table has'
    : 'has a replica identity of other columns than its partitioned table';
}

/** @param mismatch what `identityMismatch` said */
export function partitionIdentity(
  partition: TableName,
  root: RootIdentity,
  mismatch: string,
): PostgresError {
  const name = formatTableName(partition);
  const alter = `ALTER TABLE ${quoteTable(partition)} REPLICA IDENTITY FULL;`;
  return new PostgresError('postgres/replica-identity', `The partition ${name} ${mismatch}.`, {
    context: { table: name },
    remedy:
      root.replicaIdentity === 'f' ? `Run: ${alter}` : `Give it the same key, or run: ${alter}`,
  });
}

export async function isPartitioned(
  query: Query,
  { namespace, name }: TableName,
): Promise<boolean> {
  const sql = `
    select c.oid::text as oid from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where n.nspname = $1 and c.relname = $2 and c.relkind = 'p'`;
  return (await query(sql, [namespace, name])).length > 0;
}
