import { join } from 'node:path';
import { describeType } from '@cdc-demo/cdc-core';
import type { Clock, Field, FieldType } from '@cdc-demo/cdc-core';
import { IcebergTable, IcebergTableWriter, isIcebergError } from '@cdc-demo/iceberg';
import type { NewTable } from '@cdc-demo/iceberg';
import { ACCOUNT_FIELDS } from './feed-table.ts';

const STRING: FieldType = { kind: 'string' };
const UTC: FieldType = { kind: 'timestamp', zone: 'utc' };

const field = (name: string, type: FieldType, nullable = true): Field => {
  return { id: 0, name, type, nullable };
};

/** The Iceberg tables that the demos write, by their names. */
export const ICEBERG_TABLES: Readonly<Record<string, NewTable>> = {
  accounts: { fields: ACCOUNT_FIELDS, key: ['account_id'] },
  customers_analytics: {
    fields: [
      field('customer_id', { kind: 'int', bits: 32 }, false),
      field('email', STRING),
      field('full_name', STRING),
      field('location', STRING),
      field('customer_tier', STRING),
      field('lifetime_value', { kind: 'decimal', precision: 12, scale: 2 }),
      field('registration_date', { kind: 'timestamp', zone: 'none' }),
      field('is_active', { kind: 'boolean' }),
      field('total_orders', { kind: 'int', bits: 64 }),
      field('_ingestion_timestamp', UTC),
      field('_source_system', STRING),
    ],
    key: ['customer_id'],
    partitionBy: ['year(registration_date)'],
  },
};

export interface InitialisedTable {
  readonly name: string;
  readonly location: string;
  readonly state: 'created' | 'there already';
}

/**
 * Creates the tables that are not there yet, each in a folder of its name, without rows.
 * @throws Error when one is there that has other columns
 */
export async function createIcebergTables(
  folder: string,
  clock: Clock,
): Promise<InitialisedTable[]> {
  const made: InitialisedTable[] = [];
  for (const [name, table] of Object.entries(ICEBERG_TABLES)) {
    const location = join(folder, name);
    try {
      await IcebergTableWriter.create(location, table, { clock });
      made.push({ name, location, state: 'created' });
    } catch (error) {
      if (!isIcebergError(error, 'iceberg/table-exists')) throw error;
      const { fields } = await (await IcebergTable.open(location)).info();
      if (columnsText(fields) !== columnsText(table.fields)) {
        throw new Error(`The table at ${location} has other columns: name another folder`, {
          cause: error,
        });
      }
      made.push({ name, location, state: 'there already' });
    }
  }
  return made;
}

function columnsText(fields: readonly Field[]): string {
  return fields.map(({ name, type }) => `${name} ${describeType(type)}`).join(', ');
}
