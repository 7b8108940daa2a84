import { formatTableName } from '@cdc-demo/cdc-core';
import type { Field, TableName } from '@cdc-demo/cdc-core';
import { PostgresError } from '../errors.ts';
import type { ServerFacts } from '../types/builtin-types.ts';
import { hasDomainDefault, resolveCodec } from './column-type.ts';
import type { ColumnSource, PublishedTable, ReplicaIdentity } from './published-table.ts';
import { textOf, textOrNull } from './query.ts';
import type { Query, Row } from './query.ts';
import { loadTypes } from './type-row.ts';

/** `attnames` and `rowfilter` exist from Postgres 15; to_jsonb makes the query fit all versions. */
const TABLE_SQL = `
select c.oid::text as oid,
       c.relreplident::text as replica_identity,
       (c.relkind = 'p')::text as is_partitioned,
       (pg_catalog.to_jsonb(p) -> 'attnames')::text as column_names,
       pg_catalog.to_jsonb(p) ->> 'rowfilter' as row_filter,
       pg_catalog.current_setting('server_version_num') as server_version,
       (select sum(
          case when l.reltuples >= 0 and l.relpages > 0 then l.reltuples
               else pg_catalog.pg_relation_size(l.oid) / 100 end)::int8
        from pg_catalog.pg_class l
        where l.relkind = 'r' and (l.oid = c.oid or l.oid in (
          select t.relid from pg_catalog.pg_partition_tree(c.oid) t))
       )::text as estimated_rows
from pg_catalog.pg_publication_tables p
join pg_catalog.pg_namespace n on n.nspname = p.schemaname
join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = p.tablename
where p.pubname = $1 and p.schemaname = $2 and p.tablename = $3`;

const COLUMNS_SQL = `
select a.attname::text as name,
       a.attnum::text as attnum,
       a.atttypid::text as type_oid,
       a.atttypmod::text as typmod,
       a.attnotnull::text as not_null,
       (a.attgenerated <> '')::text as is_generated,
       (a.atthasdef or a.atthasmissing or a.attidentity <> '')::text as has_default,
       case when a.atthasmissing then a.attmissingval::text end as missing_default
from pg_catalog.pg_attribute a
where a.attrelid = $1::pg_catalog.oid and a.attnum > 0 and not a.attisdropped
order by a.attnum`;

const KEYS_SQL = `
select i.indisprimary::text as is_primary,
       i.indisreplident::text as is_identity,
       (select pg_catalog.json_agg(k.attnum order by k.position)
        from unnest(i.indkey::int2[]) with ordinality k(attnum, position)
        where k.position <= i.indnkeyatts)::text as attnums
from pg_catalog.pg_index i
where i.indrelid = $1::pg_catalog.oid and (i.indisprimary or i.indisreplident)`;

const IDENTITIES = new Map<string, ReplicaIdentity>([
  ['d', 'default'],
  ['f', 'full'],
  ['i', 'index'],
  ['n', 'nothing'],
]);

/**
 * Reads what a publication sends of a table.
 *
 * Runs four statements, which see one state of the catalog only in a REPEATABLE READ transaction;
 * without one, a change between them shows in the next RELATION message.
 * @throws PostgresError `postgres/table-not-published`
 */
export async function loadPublishedTable(
  query: Query,
  publication: string,
  table: TableName,
): Promise<PublishedTable> {
  const [row] = await query(TABLE_SQL, [publication, table.namespace, table.name]);
  if (row === undefined) {
    throw new PostgresError(
      'postgres/table-not-published',
      `Table ${formatTableName(table)} is not in publication ${publication}`,
      { context: { table: formatTableName(table), publication } },
    );
  }
  const oid = textOf(row, 'oid');
  const rows = publishedRows(await query(COLUMNS_SQL, [oid]), row);
  const keys = await query(KEYS_SQL, [oid]);
  const columns = await columnSources(query, rows, {
    version: Number(textOf(row, 'server_version')),
  });
  const key = keyIndexes(columns, keys);
  return {
    schema: { table, version: 1, fields: columns.map((c, i) => field(c, key.includes(i))), key },
    columns,
    replicaIdentity: replicaIdentity(textOf(row, 'replica_identity'), keys),
    hasPrimaryKey: keys.some((index) => textOf(index, 'is_primary') === 'true'),
    relationOid: Number(oid),
    isPartitioned: textOf(row, 'is_partitioned') === 'true',
    estimatedRows: Number(textOrNull(row, 'estimated_rows') ?? 0),
    binary: columns.every(({ codec }) => codec.binary !== 'text-only'),
    rowFilter: textOrNull(row, 'row_filter') ?? undefined,
    missingDefaults: missingDefaults(rows),
  };
}

/**
 * The publication's own list of columns (from Postgres 15 on). Before 18 no generated column is
 * sent, though 15 lists them.
 */
function publishedRows(rows: readonly Row[], table: Row): readonly Row[] {
  const sendsGenerated = Number(textOf(table, 'server_version')) >= 180_000;
  const sent = rows.filter((row) => sendsGenerated || textOf(row, 'is_generated') === 'false');
  const columnNames = textOrNull(table, 'column_names');
  if (columnNames === null) return sent;
  const names = new Set(JSON.parse(columnNames) as string[]);
  return sent.filter((row) => names.has(textOf(row, 'name')));
}

async function columnSources(
  query: Query,
  rows: readonly Row[],
  server: ServerFacts,
): Promise<ColumnSource[]> {
  const types = await loadTypes(
    query,
    rows.map((row) => Number(textOf(row, 'type_oid'))),
  );
  return rows.map((row) => {
    const typeOid = Number(textOf(row, 'type_oid'));
    const typmod = Number(textOf(row, 'typmod'));
    return {
      name: textOf(row, 'name'),
      attnum: Number(textOf(row, 'attnum')),
      typeOid,
      typmod,
      notNull: textOf(row, 'not_null') === 'true',
      hasDefault: textOf(row, 'has_default') === 'true' || hasDomainDefault(types, typeOid),
      codec: resolveCodec(types, { oid: typeOid, typmod }, server),
    };
  });
}

function field({ attnum, name, codec, hasDefault }: ColumnSource, isKey: boolean): Field {
  const field = { id: attnum, name, type: codec.field, nullable: !isKey };
  return hasDefault ? { ...field, hasDefault } : field;
}

function keyIndexes(columns: readonly ColumnSource[], keys: readonly Row[]): number[] {
  const index =
    keys.find((row) => textOf(row, 'is_identity') === 'true') ??
    keys.find((row) => textOf(row, 'is_primary') === 'true');
  if (index === undefined) return [];
  const attnums = JSON.parse(textOf(index, 'attnums')) as number[];
  const indexes = attnums.map((attnum) => columns.findIndex((c) => c.attnum === attnum));
  return indexes.includes(-1) ? [] : indexes;
}

/** An index that was chosen and dropped since leaves the table without identity. */
function replicaIdentity(letter: string, keys: readonly Row[]): ReplicaIdentity {
  const identity = IDENTITIES.get(letter) ?? 'nothing';
  const hasIndex = keys.some((row) => textOf(row, 'is_identity') === 'true');
  return identity === 'index' && !hasIndex ? 'nothing' : identity;
}

function missingDefaults(rows: readonly Row[]): ReadonlyMap<string, string> {
  const defaults = rows.map((row) => [textOf(row, 'name'), textOrNull(row, 'missing_default')]);
  return new Map(defaults.filter((entry): entry is [string, string] => entry[1] !== null));
}
