import type { PublishedTable } from '../catalog/published-table.ts';
import { textOf, textOrNull } from '../catalog/query.ts';
import type { Query } from '../catalog/query.ts';
import { quoteIdentifier, quoteTable } from '../connection/quote.ts';
import type { KeyOrder, RangeKey } from './key-ranges.ts';

const PAGE_BYTES = 8192;
/** Pages whose keys are looked at: for the whole table, and for each range. */
const LEAST_SAMPLE_PAGES = 300;
const SAMPLE_PAGES_PER_RANGE = 30;
/** A table that is smaller is read by one worker, unless ranges are smaller still. */
const WORTH_SHARING_BYTES = 32 * 1024 * 1024;
/** Below it, keys lie so scattered that reading in their order visits a page for each row. */
const LEAST_CORRELATION = 0.5;

const ORDERS = new Map<string, KeyOrder>([
  ['17', 'bytea'],
  ['20', 'int'],
  ['21', 'int'],
  ['23', 'int'],
  ['25', 'text'],
  ['1043', 'text'],
  ['2950', 'uuid'],
]);

/** The collation's own name where it is that of libc; `datlocprovider` exists from Postgres 15. */
const KEY_SQL = `
select (case when t.typtype = 'd' then t.typbasetype else t.oid end)::text as type_oid,
       (case when c.collname = 'default' then
          case when coalesce(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') = 'c'
               then d.datcollate end
        else c.collcollate end)::text as collation,
       pg_catalog.current_setting('server_encoding') as encoding
from pg_catalog.pg_attribute a
join pg_catalog.pg_type t on t.oid = a.atttypid
left join pg_catalog.pg_collation c on c.oid = a.attcollation
join pg_catalog.pg_database d on d.datname = pg_catalog.current_database()
where a.attrelid = $1::pg_catalog.oid and a.attnum = $2::int2`;

/**
 * The column by whose values a table can be read in ranges, and keys be told apart outside the
 * server; undefined where there is none, and for a partitioned table.
 */
export async function readRangeKey(
  query: Query,
  table: PublishedTable,
): Promise<RangeKey | undefined> {
  const column = table.columns[table.schema.key[0] ?? -1];
  if (!column || table.isPartitioned) return undefined;
  const [row] = await query(KEY_SQL, [String(table.relationOid), String(column.attnum)]);
  const order = row && ORDERS.get(textOf(row, 'type_oid'));
  if (!order) return undefined;
  if (order === 'text') {
    // Compared byte by byte, and the bytes are those that we get.
    const isBytewise = ['C', 'POSIX'].includes(textOrNull(row, 'collation') ?? '');
    if (!isBytewise || textOf(row, 'encoding') !== 'UTF8') return undefined;
  }
  return { column: column.name, order };
}

export interface RangeSize {
  /** Bytes of the table, TOAST included, that a range should have. */
  readonly rangeBytes: number;
  /** Ranges that are read at the same time. */
  readonly workers: number;
}

const SIZE_SQL = `
select pg_catalog.pg_relation_size($1::pg_catalog.oid)::text as heap,
       pg_catalog.pg_table_size($1::pg_catalog.oid)::text as whole,
       pg_catalog.pg_size_bytes(pg_catalog.current_setting('effective_cache_size'))::text as cache`;

/**
 * Values of the key that divide a table into ranges of about one size, ascending; none where it is
 * better read as a whole. From a sample of the table's pages, whose statistics may be old or
 * missing.
 */
export async function sampleBounds(
  query: Query,
  { table, key }: { readonly table: PublishedTable; readonly key: RangeKey },
  { rangeBytes, workers }: RangeSize,
): Promise<string[]> {
  const [size = {}] = await query(SIZE_SQL, [String(table.relationOid)]);
  const heap = Number(textOf(size, 'heap'));
  const whole = Number(textOf(size, 'whole'));
  const isShared = whole >= Math.min(WORTH_SHARING_BYTES, rangeBytes);
  const count = Math.max(isShared ? workers : 1, Math.ceil(whole / rangeBytes));
  if (count === 1) return [];
  const [row = {}] = await query(sampleSql(table, key, { pages: heap / PAGE_BYTES, count }), []);
  const correlation = Number(textOrNull(row, 'correlation') ?? 1);
  const isScattered = Math.abs(correlation) < LEAST_CORRELATION;
  if (isScattered && heap > Number(textOf(size, 'cache')) / 2) return [];
  const bounds = JSON.parse(textOrNull(row, 'bounds') ?? '[]') as string[];
  return [...new Set(bounds)];
}

function sampleSql(
  table: PublishedTable,
  { column }: RangeKey,
  { pages, count }: { readonly pages: number; readonly count: number },
): string {
  const wanted = Math.max(LEAST_SAMPLE_PAGES, SAMPLE_PAGES_PER_RANGE * count);
  const percent = Math.min(100, (100 * wanted) / Math.max(1, pages));
  const fractions = Array.from({ length: count - 1 }, (_, i) => ((i + 1) / count).toFixed(6));
  return `
    with sampled as materialized (
      select ${quoteIdentifier(column)} as key, ctid as place
      from only ${quoteTable(table.schema.table)} tablesample system (${percent.toFixed(6)})
    ), ranked as (
      select pg_catalog.row_number() over (order by place) as place,
             pg_catalog.row_number() over (order by key) as key
      from sampled
    )
    select (select pg_catalog.corr(place, key) from ranked)::text as correlation,
           pg_catalog.to_jsonb((pg_catalog.percentile_disc('{${fractions.join()}}'::float8[])
             within group (order by key))::text[])::text as bounds
    from sampled`;
}
