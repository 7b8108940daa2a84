import type { PublishedTable } from '../catalog/published-table.ts';
import { textOf } from '../catalog/query.ts';
import type { Query } from '../catalog/query.ts';

/** What has to stay the same of a table between two runs of a snapshot for their rows to fit. */
export interface TableShape {
  readonly oid: number;
  /** Its files; others after TRUNCATE, and after whatever writes the table or a partition anew. */
  readonly files: string;
  /** Name, number, type and key membership of each published column, in order. */
  readonly columns: readonly string[];
  readonly rowFilter: string;
}

export async function readTableShape(query: Query, table: PublishedTable): Promise<TableShape> {
  const { relationOid: oid, schema, rowFilter } = table;
  const sql = `
    select pg_catalog.string_agg(
             each.oid::text || ' ' || coalesce(pg_catalog.pg_relation_filenode(each.oid), 0)::text,
             ',' order by each.oid) as files
    from (select $1::pg_catalog.oid as oid
          union
          select relid::pg_catalog.oid from pg_catalog.pg_partition_tree($1::pg_catalog.oid)) each`;
  const [row = {}] = await query(sql, [String(oid)]);
  const columns = table.columns.map(({ name, attnum, typeOid, typmod }, i) =>
    [attnum, typeOid, typmod, schema.key.indexOf(i), name].join(' '),
  );
  return { oid, files: textOf(row, 'files'), columns, rowFilter: rowFilter ?? '' };
}

/**
 * What became of a table:
 *  - `same`: what was read of it counts.
 *  - `other-rows`: it was truncated or written anew, or got columns. What was read does not count;
 *    the log can be decoded by what the table is now.
 *  - `other-table`: the log from before cannot be decoded by what it is now.
 */
export type ShapeChange = 'same' | 'other-rows' | 'other-table';

export function compareShapes(before: TableShape, now: TableShape): ShapeChange {
  if (before.oid !== now.oid) return 'other-table';
  if (before.columns.some((column, i) => column !== now.columns[i])) return 'other-table';
  const isSame =
    before.columns.length === now.columns.length &&
    before.files === now.files &&
    before.rowFilter === now.rowFilter;
  return isSame ? 'same' : 'other-rows';
}
