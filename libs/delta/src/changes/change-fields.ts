import type { Field } from '@cdc-demo/cdc-core';

/** The column of change files that says what happened to the row. */
export const CHANGE_TYPE: Field = {
  id: 0,
  name: '_change_type',
  type: { kind: 'string' },
  nullable: false,
};

/** What a change row has behind the table's columns (Delta protocol, "Add CDC File"). */
export const CHANGE_FIELDS: readonly Field[] = [
  CHANGE_TYPE,
  { id: 0, name: '_commit_version', type: { kind: 'int', bits: 64 }, nullable: false },
  {
    id: 0,
    name: '_commit_timestamp',
    type: { kind: 'timestamp', zone: 'utc' },
    nullable: false,
  },
];
