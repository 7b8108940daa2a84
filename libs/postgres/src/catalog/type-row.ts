import type { Query, Row } from './query.ts';
import { textOf, textOrNull } from './query.ts';

/** A type as `pg_type` describes it, as far as decoding depends on it. */
export interface TypeRow {
  readonly oid: number;
  readonly name: string;
  /** Name of the extension that owns the type, or undefined. */
  readonly extension: string | undefined;
  readonly kind: 'base' | 'composite' | 'domain' | 'enum' | 'other';
  /** Element type of a true array, otherwise undefined. */
  readonly elementOid: number | undefined;
  /** `typdelim`: the character between elements in an array's text. */
  readonly delimiter: string;
  /** What a domain stands for. */
  readonly base: { readonly oid: number; readonly typmod: number };
  readonly hasDefault: boolean;
  /** Of a composite, without dropped ones. */
  readonly attributes: readonly TypeAttribute[];
}

export interface TypeAttribute {
  readonly name: string;
  readonly oid: number;
  readonly typmod: number;
}

const KINDS = new Map<string, TypeRow['kind']>([
  ['b', 'base'],
  ['c', 'composite'],
  ['d', 'domain'],
  ['e', 'enum'],
]);

/** Types reachable through elements, domain bases and attributes. */
const TYPES_SQL = `
with recursive reachable(oid) as (
  select unnest($1::pg_catalog.oid[])
  union
  select part.oid
  from reachable r
  join pg_catalog.pg_type t on t.oid = r.oid
  cross join lateral (
    select t.typelem where t.typelem <> 0
    union all
    select t.typbasetype where t.typbasetype <> 0
    union all
    select a.atttypid from pg_catalog.pg_attribute a
    where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
  ) part(oid)
)
select t.oid::text as oid,
       t.typname::text as name,
       t.typtype::text as kind,
       case when e.typarray = t.oid then t.typelem end::text as element_oid,
       coalesce(e.typdelim, ',')::text as delimiter,
       t.typbasetype::text as base_oid,
       t.typtypmod::text as base_typmod,
       (t.typdefault is not null)::text as has_default,
       x.extname::text as extension,
       a.attributes::text as attributes
from reachable r
join pg_catalog.pg_type t on t.oid = r.oid
left join pg_catalog.pg_type e on e.oid = t.typelem
left join pg_catalog.pg_depend d
  on d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass and d.objid = t.oid
  and d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass and d.deptype = 'e'
left join pg_catalog.pg_extension x on x.oid = d.refobjid
left join lateral (
  select pg_catalog.json_agg(
    pg_catalog.json_build_array(a.attname, a.atttypid::text, a.atttypmod) order by a.attnum
  ) as attributes
  from pg_catalog.pg_attribute a
  where t.typtype = 'c' and a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped
) a on true`;

/** The types with these OIDs and every type that they are made of, by OID. */
export async function loadTypes(
  query: Query,
  oids: readonly number[],
): Promise<ReadonlyMap<number, TypeRow>> {
  const rows = await query(TYPES_SQL, [`{${oids.join(',')}}`]);
  return new Map(rows.map(typeRow).map((type) => [type.oid, type]));
}

function typeRow(row: Row): TypeRow {
  const elementOid = textOrNull(row, 'element_oid');
  const attributes = JSON.parse(textOrNull(row, 'attributes') ?? '[]') as [
    string,
    string,
    number,
  ][];
  return {
    oid: Number(textOf(row, 'oid')),
    name: textOf(row, 'name'),
    extension: textOrNull(row, 'extension') ?? undefined,
    kind: KINDS.get(textOf(row, 'kind')) ?? 'other',
    elementOid: elementOid === null ? undefined : Number(elementOid),
    delimiter: textOf(row, 'delimiter'),
    base: { oid: Number(textOf(row, 'base_oid')), typmod: Number(textOf(row, 'base_typmod')) },
    hasDefault: textOf(row, 'has_default') === 'true',
    attributes: attributes.map(([name, oid, typmod]) => ({ name, oid: Number(oid), typmod })),
  };
}
