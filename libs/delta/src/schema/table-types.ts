import type { FieldType } from '@cdc-demo/cdc-core';
import type { TableTypes } from '@cdc-demo/lake-core';
import { widenField } from '../evolve/widen-field.ts';
import { fromField } from './from-fields.ts';

/**
 * What Delta does not have becomes a string (uuid in 36 characters, time as `HH:MM:SS.ffffff`, json
 * as its text), everything else stays.
 */
export const TABLE_TYPES: TableTypes = {
  leaf: (type) => {
    switch (type.kind) {
      case 'uuid':
      case 'time':
      case 'json':
        return { kind: 'string' };
      default:
        return type;
    }
  },
  isWider: (from, to) => {
    const [narrow, wide] = [from, to].map((type) => fromField(column(type)));
    return (
      narrow !== undefined && wide !== undefined && widenField(narrow, wide.type) !== undefined
    );
  },
};

function column(type: FieldType): Parameters<typeof fromField>[0] {
  return { id: 0, name: '', type, nullable: true };
}
