import { canonicalRow } from '@cdc-demo/cdc-core';
import type { ColumnBatch } from '@cdc-demo/cdc-core';

/** Canonical JSON of rows, without the named columns, sorted. */
export async function canonicalRows(
  batches: AsyncIterable<ColumnBatch>,
  except: readonly string[] = [],
): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of batches) lines.push(...canonicalLines(batch, except));
  return lines.sort();
}

export function canonicalLines(batch: ColumnBatch, except: readonly string[] = []): string[] {
  const kept = batch.fields.flatMap((field, i) => (except.includes(field.name) ? [] : [i]));
  const fields = kept.flatMap((i) => batch.fields[i] ?? []);
  return Array.from({ length: batch.length }, (_, row) =>
    canonicalRow(
      fields,
      kept.map((i) => batch.columns[i]?.value(row) ?? null),
    ),
  );
}
