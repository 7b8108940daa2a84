import { IcebergError } from '../errors.ts';
import type { WrittenVersion } from '../manifest/manifest-schema.ts';
import type { TableMetadata } from '../metadata/table-metadata.ts';

/**
 * Engines that tables are written for, and what they understand of deleted rows in the releases of
 * 2026; `basic` stands for any that reads data files alone.
 */
const KNOWN = {
  spark: ['position-deletes', 'deletion-vectors'],
  trino: ['position-deletes', 'deletion-vectors'],
  duckdb: ['position-deletes', 'deletion-vectors'],
  pyiceberg: ['position-deletes', 'deletion-vectors'],
  clickhouse: ['position-deletes'],
  basic: [],
} as const satisfies Record<string, readonly string[]>;

export type TableReader = keyof typeof KNOWN;

/** How rows are deleted: marked beside their file, or the file is written anew without them. */
export type DeletionMode = 'mark' | 'copy-on-write';

/** The property by which Iceberg's own writers choose, too. */
const MERGE_MODE = 'write.merge.mode';

/** The version of the format for new tables that all of these readers understand. */
export function newFormatVersion(readers: readonly TableReader[]): WrittenVersion {
  return readers.every((reader) => knows(reader, 'deletion-vectors')) ? 3 : 2;
}

/**
 * The cheapest way that all of these readers understand, and that the table's own properties do
 * not rule out. Version 3 has deletion vectors, version 2 position deletes.
 */
export function deletionMode(
  readers: readonly TableReader[],
  { formatVersion, properties }: Pick<TableMetadata, 'formatVersion' | 'properties'>,
): DeletionMode {
  if (formatVersion === 3) return 'mark';
  const isRuledOut = properties[MERGE_MODE] === 'copy-on-write';
  const isKnown = readers.every((reader) => knows(reader, 'position-deletes'));
  return isKnown && !isRuledOut ? 'mark' : 'copy-on-write';
}

/** The error of the first of these readers that a table of this version is too new for. */
export function unreadable(
  formatVersion: number,
  readers: readonly TableReader[],
): IcebergError | undefined {
  const reader = readers.find((each) => !knows(each, 'deletion-vectors'));
  if (formatVersion < 3 || reader === undefined) return undefined;
  const message = `${reader} cannot read a table of version 3 of the format`;
  return new IcebergError('iceberg/unreadable', message, { context: { reader } });
}

function knows(reader: TableReader, what: string): boolean {
  return (KNOWN[reader] as readonly string[]).includes(what);
}
