/** A row by column name. Every query in this folder selects texts and NULLs only. */
export type Row = Readonly<Record<string, unknown>>;

/** Runs one statement with `$1` … parameters, all of them texts. */
export type Query = (sql: string, params: readonly string[]) => Promise<readonly Row[]>;

/** @throws TypeError when the column is missing or no text. */
export function textOf(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw new TypeError(`Catalog column ${column} is not a text`);
  return value;
}

/** @throws TypeError when the column is missing, or neither a text nor NULL. */
export function textOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : textOf(row, column);
}
