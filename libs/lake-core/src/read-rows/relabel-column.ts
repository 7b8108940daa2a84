import { ListColumn, MapColumn, StructColumn } from '@cdc-demo/cdc-core';
import type { Column, FieldType } from '@cdc-demo/cdc-core';

/**
 * The same values under the names of `type`, which differs from the column's own type in names,
 * ids and nullability only. Memory is shared: the given column must not change any more.
 */
export function relabelColumn(column: Column, type: FieldType): Column {
  if (column instanceof StructColumn && type.kind === 'struct') {
    const fields = column.fields.map((field, i) => {
      const fieldType = type.fields[i]?.type;
      return fieldType ? relabelColumn(field, fieldType) : field;
    });
    return withRowsOf(new StructColumn(type, fields, 0), column);
  }
  if (column instanceof ListColumn && type.kind === 'list') {
    const list = new ListColumn(type, relabelColumn(column.element, type.element.type), 0);
    list.offsets = column.offsets;
    return withRowsOf(list, column);
  }
  if (column instanceof MapColumn && type.kind === 'map') {
    const key = relabelColumn(column.key, type.key.type);
    const value = relabelColumn(column.val, type.value.type);
    const map = new MapColumn(type, { key, value }, 0);
    map.offsets = column.offsets;
    return withRowsOf(map, column);
  }
  return column;
}

function withRowsOf(column: Column, source: Column): Column {
  column.presence = source.presence;
  column.length = source.length;
  return column;
}
