import type { ContentFile } from '../manifest/manifest-file.ts';
import type { FileRecord } from '../manifest/write-manifest.ts';
import type { Snapshot } from '../metadata/table-metadata.ts';
import { ENGINE_INFO } from '../write/engine-info.ts';
import type { FileChanges } from './snapshot-writer.ts';

/** Numbers of files and rows by the names that summaries have for them. */
interface Counts {
  readonly files: bigint;
  readonly rows: bigint;
  readonly bytes: bigint;
}

const NONE: Counts = { files: 0n, rows: 0n, bytes: 0n };

/**
 * The summary of a snapshot, with the totals of the table where the one before has them (table
 * specification, "Optional Snapshot Summary Fields").
 */
export function snapshotSummary(
  parent: Snapshot | undefined,
  { operation, data, deletes }: FileChanges,
  removed: readonly ContentFile[],
): Readonly<Record<string, string>> {
  const [added, addedDeletes] = [countRecords(data), countRecords(deletes)];
  const gone = countFiles(removed.filter(({ content }) => content === 'data'));
  const goneDeletes = countFiles(removed.filter(({ content }) => content !== 'data'));
  const vectors = BigInt(deletes.filter((file) => file['file_format'] === 'PUFFIN').length);
  const changes = {
    'added-data-files': added.files,
    'deleted-data-files': gone.files,
    'added-records': added.rows,
    'deleted-records': gone.rows,
    'added-files-size': added.bytes + addedDeletes.bytes,
    'removed-files-size': gone.bytes + goneDeletes.bytes,
    'added-delete-files': addedDeletes.files,
    'removed-delete-files': goneDeletes.files,
    'added-dvs': vectors,
    'added-position-deletes': addedDeletes.rows,
    'removed-position-deletes': goneDeletes.rows,
  };
  const before = parent?.summary;
  const totals = {
    'total-records': added.rows - gone.rows,
    'total-data-files': added.files - gone.files,
    'total-files-size': changes['added-files-size'] - changes['removed-files-size'],
    'total-delete-files': addedDeletes.files - goneDeletes.files,
    'total-position-deletes': addedDeletes.rows - goneDeletes.rows,
    'total-equality-deletes': 0n,
  };
  return {
    operation,
    ...textOf(Object.entries(changes).filter(([, count]) => count !== 0n)),
    ...textOf(
      Object.entries(totals).flatMap(([name, change]): [string, bigint][] => {
        const total = totalBefore(before, name);
        return total === undefined ? [] : [[name, total + change]];
      }),
    ),
    'engine-name': 'cdc-demo',
    'engine-version': ENGINE_INFO.slice(ENGINE_INFO.indexOf('/') + 1),
  };
}

function totalBefore(summary: Snapshot['summary'] | undefined, name: string): bigint | undefined {
  if (!summary) return 0n;
  const text = summary[name];
  return text !== undefined && /^\d+$/.test(text) ? BigInt(text) : undefined;
}

function countRecords(files: readonly FileRecord[]): Counts {
  return files.reduce(
    ({ files: count, rows, bytes }, file) => ({
      files: count + 1n,
      rows: rows + file.record_count,
      bytes: bytes + file.file_size_in_bytes,
    }),
    NONE,
  );
}

function countFiles(files: readonly ContentFile[]): Counts {
  return files.reduce(
    ({ files: count, rows, bytes }, file) => ({
      files: count + 1n,
      rows: rows + BigInt(file.recordCount),
      bytes: bytes + BigInt(file.blob?.bytes ?? file.sizeBytes),
    }),
    NONE,
  );
}

function textOf(entries: readonly (readonly [string, bigint])[]): Record<string, string> {
  return Object.fromEntries(entries.map(([name, count]) => [name, String(count)]));
}
