import type { FeedRow } from '../history/net-changes.ts';
import type { RowText } from '../history/row-text.ts';

/** One table of a lake, as a reader of its format sees it. Rows are canonical JSON. */
export interface LakeTable {
  /** The versions that can be read, ascending; none when the table does not exist. */
  versions(): Promise<readonly bigint[]>;
  /** The end of the source's log that a version holds; undefined where it records none. */
  position(version: bigint): Promise<bigint | undefined>;
  /** Does the feed tell rows that were written and are as they were? Yes unless given. */
  readonly tellsEqualRows?: boolean;
  /** The change rows of one version. */
  feed(version: bigint): Promise<FeedRow[]>;
  /** The rows of a version. */
  rows(version: bigint): Promise<RowText[]>;
  /** Files that some version refers to and that are not there. */
  missingFiles(): Promise<string[]>;
  /** Files that no version refers to, temporary ones included. */
  orphans(): Promise<string[]>;
}

/** What one pipeline writes. */
export interface Lake {
  table(name: string): LakeTable;
  /** The position up to which the pipeline says that all tables are complete. */
  progress(): Promise<bigint | undefined>;
  /** The position up to which the source may forget, by the source itself. */
  confirmed(): Promise<bigint | undefined>;
}
