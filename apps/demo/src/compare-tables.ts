import { canonicalRow } from '@cdc-demo/cdc-core';
import type { Client } from 'pg';
import type { LakeTable } from './demo-lake.ts';
import type { DemoTable } from './demo-tables.ts';

export interface Comparison {
  readonly table: string;
  readonly sourceRows: number;
  readonly onlyInSource: readonly string[];
  readonly onlyInTable: readonly string[];
}

/** Compares every row of a lake’s table with the source’s, as canonical JSON made by SQL there. */
export async function compareTable(
  client: Client,
  table: DemoTable,
  lake: Pick<LakeTable, 'rows'>,
): Promise<Comparison> {
  const columns = await existingColumns(client, table);
  const members = columns.map((name) => `'${name}', ${table.columns[name] ?? name}`);
  const { rows } = await client.query<{ row: string }>(
    `SELECT json_build_object(${members.join(', ')})::text AS row FROM public.${table.name}`,
  );
  const source = new Set(rows.map(({ row }) => normal(row)));
  const onlyInTable: string[] = [];
  let tableRows = 0;
  for await (const batch of lake.rows()) {
    for (let row = 0; row < batch.length; row++) {
      tableRows++;
      const text = normal(canonicalRow(batch.fields, batch.row(row)));
      if (!source.delete(text)) onlyInTable.push(text);
    }
  }
  if (tableRows !== rows.length && source.size === 0 && onlyInTable.length === 0) {
    throw new Error(`${table.name} holds rows twice`);
  }
  return { table: table.name, sourceRows: rows.length, onlyInSource: [...source], onlyInTable };
}

/** The table's columns that exist at the source now, in its order. */
async function existingColumns(client: Client, table: DemoTable): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute
     WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    [`public.${table.name}`],
  );
  return rows.map(({ name }) => name);
}

function normal(row: string): string {
  return JSON.stringify(JSON.parse(row));
}
