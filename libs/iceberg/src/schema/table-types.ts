import type { FieldType } from '@cdc-demo/cdc-core';
import type { TableTypes } from '@cdc-demo/lake-core';

/**
 * What Iceberg does not have becomes what holds its values: short integers an int, json its text;
 * everything else stays (table specification, "Schemas and Data Types", "Schema Evolution").
 */
export const TABLE_TYPES: TableTypes = {
  leaf: (type) => {
    switch (type.kind) {
      case 'int':
        return { kind: 'int', bits: type.bits === 64 ? 64 : 32 };
      case 'json':
        return { kind: 'string' };
      default:
        return type;
    }
  },
  isWider,
};

function isWider(from: FieldType, to: FieldType): boolean {
  if (from.kind === 'int' && to.kind === 'int') return from.bits < to.bits;
  if (from.kind === 'float' && to.kind === 'float') return from.bits < to.bits;
  if (from.kind !== 'decimal' || to.kind !== 'decimal') return false;
  return from.scale === to.scale && from.precision < to.precision;
}
