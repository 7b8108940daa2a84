import { randomUUID } from 'node:crypto';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { DeletionVector } from '@cdc-demo/lake-core';
import { ParquetWriter } from '@cdc-demo/lake-core';
import { FILE_PATH, POSITION } from '../deletes/position-delete-fields.ts';
import type { ContentFile } from '../manifest/manifest-file.ts';
import type { FileRecord } from '../manifest/write-manifest.ts';
import { ENGINE_INFO } from './engine-info.ts';
import { NO_DELETES } from './live-data-file.ts';
import type { LiveDataFile } from './live-data-file.ts';
import type { DeletesTarget, MarkedFile, WrittenDeletes } from './row-deletes.ts';

/** Delete files that are written at the same time. */
const AT_ONCE = 8;
/** Rows that are encoded at a time. */
const BATCH_ROWS = 16_384;

interface WrittenFile {
  readonly key: string;
  readonly bytes: number;
  readonly record: FileRecord;
  readonly file: LiveDataFile;
}

/**
 * Makes position deletes durable, in a file for each data file, so that the next deletes of the
 * same data file take its place (table specification, "Position Delete Files"). What was written
 * is removed on failure.
 */
export async function writePositionDeletes(
  target: DeletesTarget,
  marked: readonly MarkedFile[],
): Promise<WrittenDeletes> {
  const written: WrittenFile[] = [];
  for (let at = 0; at < marked.length; at += AT_ONCE) {
    const some = marked.slice(at, at + AT_ONCE);
    const done = await Promise.allSettled(some.map((each) => writeFile(target, each)));
    written.push(...done.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])));
    const failed = done.find((one) => one.status === 'rejected');
    if (!failed) continue;
    await Promise.all(written.map(({ key }) => target.store.delete(key)));
    throw failed.reason;
  }
  return {
    records: written.map(({ record }) => record),
    files: written.map(({ file }) => file),
    keys: written.map(({ key }) => key),
    bytes: written.reduce((sum, { bytes }) => sum + bytes, 0),
  };
}

async function writeFile(
  { store, layout, location }: DeletesTarget,
  { file, deleted }: MarkedFile,
): Promise<WrittenFile> {
  const key = `data/${randomUUID()}-deletes.parquet`;
  const output = await store.openWriter(key);
  try {
    const { compression } = layout;
    const writer = new ParquetWriter(output, [FILE_PATH, POSITION], {
      compression,
      createdBy: ENGINE_INFO,
    });
    for (const rows of deletesOf(file.path, deleted)) await writer.write(rows);
    const { bytes } = await writer.finish();
    await output.close();
    return { key, bytes, ...described(file, deleted, { path: `${location}/${key}`, bytes }) };
  } catch (error) {
    await output.abort();
    throw error;
  }
}

function* deletesOf(path: string, deleted: DeletionVector): Generator<ColumnBatch> {
  let batch = new ColumnBatch([FILE_PATH, POSITION], BATCH_ROWS);
  for (const row of deleted.rows()) {
    batch.appendRow([path, BigInt(row)]);
    if (batch.length < BATCH_ROWS) continue;
    yield batch;
    batch = new ColumnBatch([FILE_PATH, POSITION], BATCH_ROWS);
  }
  if (batch.length > 0) yield batch;
}

function described(
  { path: referencedDataFile, file, deletes, record: dataFile }: LiveDataFile,
  deleted: DeletionVector,
  { path, bytes: sizeBytes }: { readonly path: string; readonly bytes: number },
): { readonly record: FileRecord; readonly file: LiveDataFile } {
  const recordCount = deleted.cardinality;
  // Whole, whatever their length: readers that do not know the reference compare them.
  const bounds = [{ key: FILE_PATH.id, value: Buffer.from(referencedDataFile) }];
  const record: FileRecord = {
    content: 1,
    file_path: path,
    spec_id: file.specId,
    partition: file.partition,
    file_format: 'PARQUET',
    record_count: BigInt(recordCount),
    file_size_in_bytes: BigInt(sizeBytes),
    lower_bounds: bounds,
    upper_bounds: bounds,
    referenced_data_file: referencedDataFile,
  };
  const kind = { content: 'position-deletes', format: 'PARQUET' } as const;
  const position: ContentFile = {
    ...file,
    ...kind,
    path,
    sizeBytes,
    recordCount,
    referencedDataFile,
  };
  return {
    record,
    file: {
      path: referencedDataFile,
      file,
      deletes: { ...NO_DELETES, positions: [position], equality: deletes.equality },
      record: dataFile,
    },
  };
}
