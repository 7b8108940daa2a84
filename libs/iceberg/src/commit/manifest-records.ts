import { copyFields } from '../avro/record-schema.ts';
import { IcebergError } from '../errors.ts';
import type { ManifestFile } from '../manifest/manifest-file.ts';
import { manifestFileFields } from '../manifest/manifest-schema.ts';
import type { WrittenVersion } from '../manifest/manifest-schema.ts';

/** A manifest as a manifest list has it, by field names. */
export type ManifestRecord = Readonly<Record<string, unknown>>;

/** What earlier versions of the format leave out of a list. */
const COUNTS = ['added_files_count', 'existing_files_count'] as const;

/**
 * A manifest of an earlier snapshot in the list of a new one; undefined when none of its files is
 * live.
 * @throws IcebergError `iceberg/not-writable`
 */
export function carriedRecord(
  { path, record }: ManifestFile,
  version: WrittenVersion,
): ManifestRecord | undefined {
  const copied = record && copyFields(record, manifestFileFields(version));
  if (!copied || COUNTS.some((name) => typeof copied[name] !== 'number')) {
    const message = `The manifest ${path} comes from the first version of the format`;
    throw new IcebergError('iceberg/not-writable', message, { context: { path } });
  }
  const isLive = COUNTS.some((name) => copied[name] !== 0);
  return isLive ? copied : undefined;
}

/**
 * Gives the manifests of data that have no first row id theirs, in order (table specification, "Row
 * Lineage").
 * @param nextRowId of the table; undefined before version 3
 */
export function assignRowIds(
  list: readonly ManifestRecord[],
  nextRowId: bigint | undefined,
): { readonly list: readonly ManifestRecord[]; readonly addedRows: bigint } {
  if (nextRowId === undefined) return { list, addedRows: 0n };
  let next = nextRowId;
  const assigned = list.map((record) => {
    const { content, first_row_id: known } = record;
    if (content !== 0 || typeof known === 'bigint') return record;
    const first = next;
    next += record['added_rows_count'] as bigint;
    next += record['existing_rows_count'] as bigint;
    return { ...record, first_row_id: first };
  });
  return { list: assigned, addedRows: next - nextRowId };
}
