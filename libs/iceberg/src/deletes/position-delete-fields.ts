import type { Field } from '@cdc-demo/cdc-core';

/** Columns of position delete files (table specification, "Reserved Field IDs"). */
export const FILE_PATH: Field = {
  id: 2147483546,
  name: 'file_path',
  type: { kind: 'string' },
  nullable: false,
};
export const POSITION: Field = {
  id: 2147483545,
  name: 'pos',
  type: { kind: 'int', bits: 64 },
  nullable: false,
};
