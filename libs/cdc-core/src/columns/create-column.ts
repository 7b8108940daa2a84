import type { FieldType } from '../schema/field.ts';
import { decimalWidth } from '../values/decimal.ts';
import { BytesColumn, FixedBytesColumn } from './bytes-columns.ts';
import type { Column } from './column.ts';
import { BooleanColumn, FloatColumn, Int32Column, Int64Column } from './fixed-width-columns.ts';
import { ListColumn, MapColumn, StructColumn } from './nested-columns.ts';

/** An empty column for values of `type`, with room for `capacity` rows before it grows. */
export function createColumn(type: FieldType, capacity = 16): Column {
  switch (type.kind) {
    case 'boolean':
      return new BooleanColumn(type, capacity);
    case 'int':
      return type.bits === 64 ? new Int64Column(type, capacity) : new Int32Column(type, capacity);
    case 'date':
      return new Int32Column(type, capacity);
    case 'time':
    case 'timestamp':
      return new Int64Column(type, capacity);
    case 'float':
      return new FloatColumn(type, capacity);
    case 'decimal':
      if (type.precision <= 9) return new Int32Column(type, capacity);
      if (type.precision <= 18) return new Int64Column(type, capacity);
      return new FixedBytesColumn(type, decimalWidth(type.precision), capacity);
    case 'uuid':
      return new FixedBytesColumn(type, 16, capacity);
    case 'string':
    case 'json':
    case 'variant':
    case 'binary':
      return new BytesColumn(type, capacity);
    case 'list':
      return new ListColumn(type, createColumn(type.element.type, capacity), capacity);
    case 'map': {
      const key = createColumn(type.key.type, capacity);
      return new MapColumn(type, { key, value: createColumn(type.value.type, capacity) }, capacity);
    }
    case 'struct': {
      const fields = type.fields.map((field) => createColumn(field.type, capacity));
      return new StructColumn(type, fields, capacity);
    }
  }
}
