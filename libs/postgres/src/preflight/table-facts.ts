import type { TableName } from '@cdc-demo/cdc-core';
import { readPartitions } from '../catalog/partition.ts';
import type { Partition } from '../catalog/partition.ts';
import type { Query } from '../catalog/query.ts';
import { textOf, textOrNull } from '../catalog/query.ts';

/** A relation as the catalog has it, and what our role may do with it. */
export interface TableFacts {
  readonly table: TableName;
  /** `pg_class.relkind`: r table, p partitioned table, v view, m materialized view, f foreign. */
  readonly kind: string;
  /** `pg_class.relpersistence`: p logged, u unlogged, t temporary. */
  readonly persistence: string;
  /** `pg_class.relreplident`: d default, f full, i index, n nothing. */
  readonly replicaIdentity: string;
  /** Columns of the primary key; empty without one, or when it is deferrable: no identity then. */
  readonly keyColumns: readonly string[];
  /** Columns of the identity index, when that is what `replicaIdentity` says. */
  readonly identityColumns: readonly string[];
  readonly mayUseSchema: boolean;
  readonly maySelect: boolean;
  readonly isOwner: boolean;
  /** Would policies hide rows from our role? */
  readonly hasRowSecurity: boolean;
  /** Of a partitioned table its leaves, otherwise empty. */
  readonly partitions: readonly Partition[];
  /** Of a partition the topmost table that it belongs to. */
  readonly partitionOf: TableName | undefined;
}

const SQL = `
select c.oid::text as oid, c.relkind::text as kind,
       (select pg_catalog.json_build_object('namespace', rn.nspname, 'name', r.relname)::text
        from pg_catalog.pg_class r join pg_catalog.pg_namespace rn on rn.oid = r.relnamespace
        where c.relispartition and r.oid = pg_catalog.pg_partition_root(c.oid)) as partition_of,
       c.relpersistence::text as persistence,
       c.relreplident::text as replica_identity,
       (select pg_catalog.json_agg(a.attname order by a.attnum)::text
        from pg_catalog.pg_index i
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
        where i.indrelid = c.oid and i.indisprimary and i.indimmediate) as key_columns,
       (select pg_catalog.json_agg(a.attname order by a.attnum)::text
        from pg_catalog.pg_index i
        join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = any(i.indkey)
        where i.indrelid = c.oid and i.indisreplident) as identity_columns,
       pg_catalog.has_schema_privilege(n.oid, 'USAGE')::text as may_use_schema,
       pg_catalog.has_table_privilege(c.oid, 'SELECT')::text as may_select,
       pg_catalog.pg_has_role(c.relowner, 'USAGE')::text as is_owner,
       (c.relrowsecurity and pg_catalog.row_security_active(c.oid))::text as has_row_security
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = $2`;

/** Undefined when there is no such relation. */
export async function readTableFacts(
  query: Query,
  table: TableName,
): Promise<TableFacts | undefined> {
  const [row] = await query(SQL, [table.namespace, table.name]);
  if (!row) return undefined;
  const names = (column: string): string[] =>
    JSON.parse(textOrNull(row, column) ?? '[]') as string[];
  const flag = (column: string): boolean => textOf(row, column) === 'true';
  const kind = textOf(row, 'kind');
  const partitionOf = textOrNull(row, 'partition_of');
  return {
    table,
    kind,
    persistence: textOf(row, 'persistence'),
    replicaIdentity: textOf(row, 'replica_identity'),
    keyColumns: names('key_columns'),
    identityColumns: names('identity_columns'),
    mayUseSchema: flag('may_use_schema'),
    maySelect: flag('may_select'),
    isOwner: flag('is_owner'),
    hasRowSecurity: flag('has_row_security'),
    partitions: kind === 'p' ? await readPartitions(query, Number(textOf(row, 'oid'))) : [],
    partitionOf: partitionOf === null ? undefined : (JSON.parse(partitionOf) as TableName),
  };
}
