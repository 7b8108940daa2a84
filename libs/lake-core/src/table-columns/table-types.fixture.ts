import type { TableTypes } from './table-types.ts';

/** A format without types for uuids, times and JSON, in which integers may get longer. */
export const PLAIN_TYPES: TableTypes = {
  leaf: (type) => (['uuid', 'time', 'json'].includes(type.kind) ? { kind: 'string' } : type),
  isWider: (from, to) => from.kind === 'int' && to.kind === 'int' && to.bits > from.bits,
};
