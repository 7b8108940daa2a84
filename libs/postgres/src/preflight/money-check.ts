import { formatTableName } from '@cdc-demo/cdc-core';
import type { TableName } from '@cdc-demo/cdc-core';
import { textOf } from '../catalog/query.ts';
import type { Query } from '../catalog/query.ts';
import { loadTypes } from '../catalog/type-row.ts';
import { PostgresError } from '../errors.ts';

const MONEY = 790;
/** Digits of the field that `money` becomes. */
const DIGITS = '2';

/** Columns that a publication sends, or of a table that it does not have yet, all. */
const COLUMNS_SQL = `
select a.attname::text as name, a.atttypid::text as type_oid
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_catalog.pg_publication_tables p
  on p.pubname = $3 and p.schemaname = n.nspname and p.tablename = c.relname
where n.nspname = $1 and c.relname = $2
  and coalesce((pg_catalog.to_jsonb(p) -> 'attnames') ? a.attname::text, true)
order by a.attnum`;

/** Which columns hold `money`, through arrays, domains and composites, as `table.column`. */
export async function moneyColumns(
  query: Query,
  publication: string,
  tables: readonly TableName[],
): Promise<string[]> {
  const found: string[] = [];
  for (const table of tables) {
    const columns = await query(COLUMNS_SQL, [table.namespace, table.name, publication]);
    for (const column of columns) {
      const types = await loadTypes(query, [Number(textOf(column, 'type_oid'))]);
      if (types.has(MONEY)) found.push(`${formatTableName(table)}.${textOf(column, 'name')}`);
    }
  }
  return found;
}

/**
 * A `money` is a number of smallest units, of the currency that `lc_monetary` had in the session
 * that wrote it. Read with other digits it is shifted by a power of ten.
 * @param query of a session with the database's own `lc_monetary`
 */
export async function checkMoney(
  query: Query,
  columns: readonly string[],
): Promise<PostgresError[]> {
  const [row = {}] = await query(
    `select pg_catalog.scale(1::pg_catalog.money::numeric)::text as digits,
            pg_catalog.current_setting('lc_monetary') as locale`,
    [],
  );
  const digits = textOf(row, 'digits');
  if (digits === DIGITS) return [];
  const locale = textOf(row, 'locale');
  const message = `${columns.join(', ')}: money has ${digits} digits under lc_monetary=${locale}.`;
  return [
    new PostgresError('postgres/table-unsupported', message, {
      remedy:
        'Make the columns numeric, leave them out by a column list of the publication, or set the ' +
        "database's lc_monetary to that of a currency with 2 digits, if the amounts are of one.",
    }),
  ];
}
