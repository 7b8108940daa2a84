import { formatTableName, sameType } from '@cdc-demo/cdc-core';
import type { ColumnSource, PublishedTable } from '../catalog/published-table.ts';
import { keepsValues } from './typmod-change.ts';
import type { Relation, RelationColumn } from './relation.ts';

/** What to do about a RELATION message. */
export type RelationPlan =
  /** The rows that follow have the table's first `columns` columns; the others come later. */
  | { readonly kind: 'follow'; readonly columns: number }
  /** The catalog knows more than we do. */
  | { readonly kind: 'needs-catalog' }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Compares a RELATION message with a table.
 *
 * The table may be newer than the message: it was read when the log was already further on.
 * Columns that the message does not have yet are NULL until it has them. Where they came with a
 * default the server holds more than that in them, which the field says (`Field.hasDefault`).
 * @param seen the table's last RELATION message, if there was one
 */
export function planRelation(
  table: PublishedTable,
  relation: Relation,
  seen: Relation | undefined,
): RelationPlan {
  const { namespace, name } = table.schema.table;
  if (relation.namespace !== namespace || relation.name !== name) {
    return refused(`it was renamed from or to ${relation.namespace}.${relation.name}`);
  }
  const { columns } = relation;
  for (const [i, column] of columns.entries()) {
    const known = table.columns[i];
    if (known === undefined) return { kind: 'needs-catalog' };
    const difference = differenceOf(known, column, seen?.columns[i]);
    if (difference !== undefined) return refused(difference);
  }
  if (columns.length < (seen?.columns.length ?? 0)) {
    return refused(`column ${table.columns[columns.length]?.name ?? ''} was dropped`);
  }
  if (hasOtherKey(table, relation)) return { kind: 'needs-catalog' };
  return { kind: 'follow', columns: columns.length };
}

/**
 * Why a newer catalog entry of a table cannot be followed, or undefined. Followed are columns
 * added behind the known ones.
 */
export function refusalOf(known: PublishedTable, newer: PublishedTable): string | undefined {
  if (known.relationOid !== newer.relationOid) return 'it was dropped and created anew';
  for (const [i, column] of known.columns.entries()) {
    const now = newer.columns[i];
    if (now?.attnum !== column.attnum) return `column ${column.name} was dropped or replaced`;
    if (now.name !== column.name) return `column ${column.name} was renamed`;
    if (now.typeOid !== column.typeOid || !sameType(now.codec.field, column.codec.field)) {
      return `column ${column.name} changed its type`;
    }
  }
  const added = newer.columns.slice(known.columns.length);
  const last = known.columns.at(-1)?.attnum ?? 0;
  for (const column of added) {
    if (column.attnum < last) return `column ${column.name} was added to the publication`;
  }
  return sameKey(known, newer) ? undefined : 'its key changed';
}

/** For messages: what happened to which table. */
export function refusalText(table: PublishedTable, reason: string): string {
  return `Table ${formatTableName(table.schema.table)} cannot be followed: ${reason}`;
}

function refused(reason: string): RelationPlan {
  return { kind: 'refused', reason };
}

function differenceOf(
  known: ColumnSource,
  column: RelationColumn,
  seen: RelationColumn | undefined,
): string | undefined {
  if (known.name !== column.name) return `column ${known.name} was dropped or renamed`;
  const [from, to] = seen ? [seen.typmod, column.typmod] : [column.typmod, known.typmod];
  if (known.typeOid === column.typeOid && keepsValues(column.typeOid, from, to)) return undefined;
  return `column ${known.name} changed its type`;
}

/** Under full identity every column is marked, under none no column: they tell nothing. */
function hasOtherKey(table: PublishedTable, relation: Relation): boolean {
  if (relation.replicaIdentity === 'f' || relation.replicaIdentity === 'n') return false;
  return relation.columns.some(({ isKey }, i) => isKey !== table.schema.key.includes(i));
}

function sameKey(a: PublishedTable, b: PublishedTable): boolean {
  const { key } = b.schema;
  return a.schema.key.length === key.length && a.schema.key.every((index, i) => index === key[i]);
}
