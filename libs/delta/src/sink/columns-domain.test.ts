import { expect, it } from '@jest/globals';
import type { Field, FieldType, TableSchema } from '@cdc-demo/cdc-core';
import { newTableColumns } from '@cdc-demo/lake-core';
import type { Action } from '../log/actions.ts';
import { fromFields } from '../schema/from-fields.ts';
import { formatSchema, parseSchema } from '../schema/parse-schema.ts';
import { TABLE_TYPES } from '../schema/table-types.ts';
import { toFields } from '../schema/to-fields.ts';
import { columnsAction, parseColumnsDomain } from './columns-domain.ts';

const column = (id: number, name: string, type: FieldType, nullable = true): Field => ({
  id,
  name,
  type,
  nullable,
});
const nested: FieldType = {
  kind: 'struct',
  fields: [column(0, 'a', { kind: 'list', element: column(0, 'element', { kind: 'uuid' }) })],
};
const schema: TableSchema = {
  table: { namespace: 'public', name: 't' },
  version: 1,
  fields: [column(1, 'id', { kind: 'int', bits: 32 }, false), column(2, 'n', nested)],
  key: [0],
};

it('columns come back from the log with the same ids, by the Delta schema and the domain', () => {
  const columns = newTableColumns(schema, 'upsert', TABLE_TYPES);
  const action = columnsAction(columns) as Extract<Action, { domainMetadata: unknown }>;
  const stored = toFields(parseSchema(formatSchema(fromFields(columns.fields))));
  expect(stored[1]?.id).toBe(0);
  expect(parseColumnsDomain(stored, action.domainMetadata)).toEqual(columns);
});
