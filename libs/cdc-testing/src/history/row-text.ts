/** A row as text: one JSON object with the columns in the table's order. */
export type RowText = string;

/** The key of a row, as JSON text. */
export function keyOf(row: RowText, key: string): string {
  return JSON.stringify((JSON.parse(row) as Record<string, unknown>)[key]);
}
