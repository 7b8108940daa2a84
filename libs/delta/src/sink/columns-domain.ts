import type { Field } from '@cdc-demo/cdc-core';
import { formatTableColumns, parseTableColumns } from '@cdc-demo/lake-core';
import type { TableColumns } from '@cdc-demo/lake-core';
import type { Action, DomainMetadata } from '../log/actions.ts';

export const SCHEMA_DOMAIN = 'cdc-demo.schema';

/** The action that keeps what a Delta schema does not say of columns: ids in files, the key. */
export function columnsAction(columns: TableColumns): Action {
  const configuration = formatTableColumns(columns);
  return { domainMetadata: { domain: SCHEMA_DOMAIN, configuration, removed: false } };
}

/** The table's columns with what the domain keeps of them. */
export function parseColumnsDomain(
  fields: readonly Field[],
  { configuration }: DomainMetadata,
): TableColumns {
  return parseTableColumns(fields, configuration);
}
