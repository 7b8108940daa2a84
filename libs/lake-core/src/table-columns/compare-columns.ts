import { describeType, sameType } from '@cdc-demo/cdc-core';
import type { Field, TableSchema } from '@cdc-demo/cdc-core';
import type { ColumnChange } from './column-change.ts';
import { APPEND_COLUMNS, keyNames, tableField } from './table-columns.ts';
import type { TableColumns } from './table-columns.ts';
import type { TableTypes } from './table-types.ts';

/** What a changed source schema asks of a table. */
export type ColumnsComparison =
  | { readonly kind: 'same' }
  /** In the order in which they can be made. */
  | { readonly kind: 'changed'; readonly changes: readonly ColumnChange[] }
  | { readonly kind: 'refused'; readonly column: string; readonly why: string };

/**
 * Compares a source's schema with the table's columns. The source's numbers of columns tell a
 * renamed column from a new one and a dropped one from one that somebody else added: a column
 * whose number is not known is left alone. Added columns come last in the table.
 */
export function compareColumns(
  columns: TableColumns,
  schema: TableSchema,
  types: TableTypes,
): ColumnsComparison {
  const leading = columns.mode === 'append' ? APPEND_COLUMNS.length : 0;
  const found = matchColumns(columns, schema.fields, leading);
  if ('kind' in found) return found;
  const { sourceOf } = found;
  const key = keyNames(schema);
  if (columns.mode === 'upsert' && !isSameKey(columns, sourceOf, key)) {
    return refused(key.join(', '), `the key was (${columns.key.join(', ')})`);
  }
  const drops: ColumnChange[] = [];
  const renames: Rename[] = [];
  const widenings: ColumnChange[] = [];
  for (const [i, field] of columns.fields.entries()) {
    if (i < leading) continue;
    const source = sourceOf.get(i);
    if (!source) {
      if ((columns.sourceIds[i] ?? 0) === 0) {
        return refused(field.name, 'the source does not have it any more');
      }
      drops.push({ kind: 'drop', name: field.name });
      continue;
    }
    const { name, type } = tableField(source, types);
    if (name !== field.name) renames.push({ kind: 'rename', name: field.name, to: name });
    if (sameType(type, field.type)) continue;
    if (!types.isWider(field.type, type)) {
      return refused(name, `its type was ${describeType(field.type)} and is ${describeType(type)}`);
    }
    widenings.push({ kind: 'widen', name, type });
  }
  const matched = new Set(sourceOf.values());
  const adds = schema.fields
    .filter((field) => !matched.has(field))
    .map((field): ColumnChange => {
      return {
        kind: 'add',
        field: { ...tableField(field, types), nullable: true },
        sourceId: field.id,
      };
    });
  const ordered = inOrder(renames, columns.fields, drops);
  if (!ordered) return refused(renames[0]?.to ?? '', 'columns exchanged their names');
  const changes = [...drops, ...ordered, ...widenings, ...adds];
  const clash = nameClash(columns.fields, changes);
  if (clash) return clash;
  return changes.length === 0 ? { kind: 'same' } : { kind: 'changed', changes };
}

type Rename = Extract<ColumnChange, { kind: 'rename' }>;

/** For each column of the table the source's column that fills it; absent when there is none. */
function matchColumns(
  { fields, sourceIds }: TableColumns,
  source: readonly Field[],
  leading: number,
): { readonly sourceOf: ReadonlyMap<number, Field> } | ColumnsComparison {
  const sourceOf = new Map<number, Field>();
  for (const field of source) {
    const byId = field.id === 0 ? -1 : sourceIds.indexOf(field.id);
    const byName = fields.findIndex(({ name }, i) => i >= leading && name === field.name);
    if (byId >= 0) sourceOf.set(byId, field);
    else if (byName >= 0 && (field.id === 0) !== ((sourceIds[byName] ?? 0) === 0)) {
      return refused(field.name, 'it was dropped and made anew');
    } else if (byName >= 0 && field.id === 0) sourceOf.set(byName, field);
  }
  return { sourceOf };
}

function isSameKey(
  { fields, key }: TableColumns,
  sourceOf: ReadonlyMap<number, Field>,
  sourceKey: readonly string[],
): boolean {
  const now = key.map((name) => sourceOf.get(fields.findIndex((field) => field.name === name)));
  return now.length === sourceKey.length && now.every((field, i) => field?.name === sourceKey[i]);
}

/** Each rename when its new name is free; undefined when names go round in a circle. */
function inOrder(
  renames: readonly Rename[],
  fields: readonly Field[],
  drops: readonly ColumnChange[],
): readonly Rename[] | undefined {
  const dropped = new Set(drops.map((drop) => ('name' in drop ? drop.name : '')));
  const taken = new Set(fields.map(({ name }) => name).filter((name) => !dropped.has(name)));
  const ordered: Rename[] = [];
  let waiting = renames;
  while (waiting.length > 0) {
    const next = waiting.find(({ to }) => !taken.has(to));
    if (!next) return undefined;
    taken.delete(next.name);
    taken.add(next.to);
    ordered.push(next);
    waiting = waiting.filter((rename) => rename !== next);
  }
  return ordered;
}

/** Two columns whose names differ only in case after the changes. */
function nameClash(
  fields: readonly Field[],
  changes: readonly ColumnChange[],
): ColumnsComparison | undefined {
  let names = fields.map(({ name }) => name);
  for (const change of changes) {
    if (change.kind === 'drop') names = names.filter((name) => name !== change.name);
    if (change.kind === 'rename') names = names.filter((name) => name !== change.name);
    const added = change.kind === 'add' ? change.field.name : undefined;
    const name = change.kind === 'rename' ? change.to : added;
    if (name === undefined) continue;
    const other = names.find((one) => one.toLowerCase() === name.toLowerCase());
    if (other !== undefined) return refused(name, `it differs from ${other} only in case`);
    names.push(name);
  }
  return undefined;
}

function refused(column: string, why: string): ColumnsComparison {
  return { kind: 'refused', column, why };
}
