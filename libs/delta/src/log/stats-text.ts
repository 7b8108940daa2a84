import type { FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { formatDate, formatDecimal, formatTimestamp } from '@cdc-demo/cdc-core';

/**
 * Statistics that a checkpoint has in typed form only (`stats_parsed`) as the JSON text that `add`
 * has (Delta protocol, "Per-file Statistics"). What is not known is left out; so are values that
 * JSON cannot hold.
 */
export function statsText(type: FieldType, value: FieldValue): string | undefined {
  if (value === null) return undefined;
  switch (type.kind) {
    case 'struct': {
      const object = value as Readonly<Record<string, FieldValue>>;
      const members = type.fields.flatMap(({ name, type: fieldType }) => {
        const text = statsText(fieldType, object[name] ?? null);
        return text === undefined ? [] : [`${JSON.stringify(name)}:${text}`];
      });
      return `{${members.join(',')}}`;
    }
    case 'int':
      return String(value as number | bigint);
    case 'float':
      return Number.isFinite(value) ? String(value as number) : undefined;
    case 'decimal':
      return formatDecimal(value as bigint, type.scale);
    case 'date':
      return JSON.stringify(formatDate(value as number));
    case 'timestamp':
      return JSON.stringify(formatTimestamp(value as bigint, type.zone));
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    default:
      return undefined;
  }
}
