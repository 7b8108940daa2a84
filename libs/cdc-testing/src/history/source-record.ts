import type { RowText } from './row-text.ts';

/** What one statement did to one row, or a whole table, as a trigger of the source saw it. */
export interface RecordedChange {
  readonly table: string;
  readonly op: 'INSERT' | 'UPDATE' | 'DELETE' | 'TRUNCATE';
  readonly before: RowText | null;
  readonly after: RowText | null;
  /** End of the transaction's COMMIT in the log. */
  readonly endLsn: bigint;
}

/** A table whose history is recorded; `columns` gives each column's canonical JSON value in SQL. */
export interface RecordedTable {
  readonly name: string;
  readonly key: string;
  /** SQL by column; `$` stands for the row. */
  readonly columns: Readonly<Record<string, string>>;
  /** Columns that come later: a row in which one is NULL counts as one without it. */
  readonly later?: readonly string[];
}

/** What a source says of itself: its rows, and all that happened since the record began. */
export interface SourceRecord {
  readonly tables: readonly RecordedTable[];
  /** The rows of a table when its history begins, by key. */
  initial(table: RecordedTable): ReadonlyMap<string, RowText>;
  /** The rows of a table now, by key. */
  rows(table: RecordedTable): Promise<ReadonlyMap<string, RowText>>;
  /** Everything that was committed so far, in commit order. */
  read(): Promise<readonly RecordedChange[]>;
}
