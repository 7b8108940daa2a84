import type { ColumnBatch } from '@cdc-demo/cdc-core';
import type { DeletionVector } from '@cdc-demo/lake-core';
import type { ContentFile } from '../manifest/manifest-file.ts';
import { fileKey } from '../manifest/manifest-file.ts';
import type { DataFileReader } from '../read/data-file-reader.ts';
import type { Scan } from '../read/scan.ts';

/** The live data files of a snapshot, and who reads them without their deleted rows. */
export interface SnapshotRows {
  readonly data: readonly ContentFile[];
  readonly reader: DataFileReader;
}

/** Rows that one of two snapshots has and the other has not, or not at the same place. */
export interface MovedRows {
  readonly kind: 'gone' | 'came';
  readonly rows: ColumnBatch;
}

const READ_AT_ONCE = 8192;

/**
 * The rows that left and came between two snapshots, the ones that left first. Files that both
 * have with the same deletes are not read, and of files with other deletes only the rows that
 * these concern.
 * @param before undefined where the table was empty
 */
export async function* changedRows(
  before: SnapshotRows | undefined,
  after: SnapshotRows,
  scan: Scan,
): AsyncGenerator<MovedRows, void, undefined> {
  const old = new Map(before?.data.map((file) => [file.path, file]));
  const kept = after.data.filter(({ path }) => old.has(path));
  const came: MovedRows[] = [];
  for (const file of kept) {
    if (!before || sameDeletes(before.reader, after.reader, file)) continue;
    const [was, is] = [await before.reader.deleted(file), await after.reader.deleted(file)];
    for await (const rows of rowsAt(before.reader, { file, scan, rows: without(is, was) })) {
      yield { kind: 'gone', rows };
    }
    for await (const rows of rowsAt(after.reader, { file, scan, rows: without(was, is) })) {
      came.push({ kind: 'came', rows });
    }
  }
  const present = new Set(after.data.map(({ path }) => path));
  for (const file of before?.data ?? []) {
    if (present.has(file.path)) continue;
    for await (const rows of before?.reader.liveRows(file, scan) ?? [])
      yield { kind: 'gone', rows };
  }
  yield* came;
  for (const file of after.data) {
    if (old.has(file.path)) continue;
    for await (const rows of after.reader.liveRows(file, scan)) yield { kind: 'came', rows };
  }
}

function sameDeletes(before: DataFileReader, after: DataFileReader, file: ContentFile): boolean {
  const keys = (reader: DataFileReader): string => {
    const { vector, positions, equality } = reader.deletesOf(file);
    const files = [...(vector ? [vector] : []), ...positions, ...equality];
    return files.map(fileKey).sort().join('\n');
  };
  return keys(before) === keys(after);
}

/** The rows of one vector that another does not have, ascending. */
function without(rows: DeletionVector, others: DeletionVector): readonly number[] {
  return Array.from(rows.rows()).filter((row) => !others.has(row));
}

async function* rowsAt(
  reader: DataFileReader,
  { file, scan, rows }: { file: ContentFile; scan: Scan; rows: readonly number[] },
): AsyncGenerator<ColumnBatch, void, undefined> {
  for (let at = 0; at < rows.length; at += READ_AT_ONCE) {
    yield await reader.rowsAt(file, rows.slice(at, at + READ_AT_ONCE), scan);
  }
}
