import { canonicalRow } from '@cdc-demo/cdc-core';
import type { ColumnBatch, Field, FieldValue } from '@cdc-demo/cdc-core';

/** One row of a change feed. */
export interface FeedLine {
  readonly version: bigint;
  readonly change: string;
  readonly value: (column: string) => FieldValue;
  /** The named columns as one JSON object; those that do not exist are left out. */
  readonly show: (columns: readonly string[]) => string;
}

/**
 * The rows of a change feed, one by one.
 * @param versionColumn that names the commit of a change
 */
export async function* feedLines(
  batches: AsyncIterable<ColumnBatch>,
  versionColumn: string,
): AsyncGenerator<FeedLine> {
  for await (const batch of batches) {
    for (let row = 0; row < batch.length; row++) {
      yield feedLine(batch.fields, batch.row(row), versionColumn);
    }
  }
}

function feedLine(
  fields: readonly Field[],
  values: readonly FieldValue[],
  versionColumn: string,
): FeedLine {
  const at = (column: string): number => fields.findIndex(({ name }) => name === column);
  const value = (column: string): FieldValue => values[at(column)] ?? null;
  return {
    version: value(versionColumn) as bigint,
    change: value('_change_type') as string,
    value,
    show(columns) {
      const shown = fields.filter(({ name }) => columns.includes(name));
      return canonicalRow(
        shown,
        shown.map(({ name }) => value(name)),
      );
    },
  };
}

/** Cut to the width of a terminal. */
export function shorten(text: string): string {
  return text.length > 110 ? `${text.slice(0, 109)}…` : text;
}
