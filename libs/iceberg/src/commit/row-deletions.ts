import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import type { TableIndex, TouchedFile, TouchedFiles } from '@cdc-demo/lake-core';
import type { ContentFile } from '../manifest/manifest-file.ts';
import type { FileRecord } from '../manifest/write-manifest.ts';
import { NO_DELETES, ownDeletes } from '../write/live-data-file.ts';
import type { LiveDataFile } from '../write/live-data-file.ts';
import { puffinFile } from '../write/puffin-file.ts';

interface WrittenVector {
  readonly record: FileRecord;
  readonly file: ContentFile;
}

export interface RowDeletionParts {
  readonly store: ObjectStore;
  /** Of the table, without a slash at the end. */
  readonly location: string;
  readonly index: TableIndex<LiveDataFile>;
  readonly touched: TouchedFiles<LiveDataFile>;
}

/**
 * What a commit's deletions do to files: a file of which rows are left gets a new deletion vector
 * in the place of all that deleted rows of it before, one without rows is removed.
 */
export class RowDeletions {
  readonly data: readonly FileRecord[] = [];
  readonly #parts: RowDeletionParts;
  #marked: readonly TouchedFile<LiveDataFile>[] = [];
  #written: readonly WrittenVector[] = [];
  #key: string | undefined;
  #bytes = 0;

  constructor(parts: RowDeletionParts) {
    this.#parts = parts;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** After `write`: the vectors. */
  get deletes(): readonly FileRecord[] {
    return this.#written.map(({ record }) => record);
  }

  /** Makes the vectors durable, in one file. */
  async write(): Promise<void> {
    const { store, location, touched } = this.#parts;
    this.#marked = touched.marked;
    if (this.#marked.length === 0) return;
    const vectors = this.#marked.map(({ indexed, deleted }) => {
      return { path: indexed.file.path, rows: deleted };
    });
    const { bytes, blobs } = puffinFile(vectors);
    this.#key = `data/${randomUUID()}-deletes.puffin`;
    await store.put(this.#key, bytes);
    this.#bytes = bytes.length;
    const path = `${location}/${this.#key}`;
    this.#written = this.#marked.map(({ indexed, deleted }, i) => {
      const blob = blobs[i] ?? { offset: 0, bytes: 0 };
      return writtenVector(indexed.file, {
        path,
        sizeBytes: bytes.length,
        blob,
        recordCount: deleted.cardinality,
      });
    });
  }

  /** After `write`: keys of the files that are not live any more. */
  removed(): string[] {
    const { emptied } = this.#parts.touched;
    return [
      ...this.#marked.flatMap(({ indexed }) => ownDeletes(indexed.file)),
      ...emptied.flatMap(({ indexed }) => [indexed.file.path, ...ownDeletes(indexed.file)]),
    ];
  }

  /** Lets the index follow the commit, its keys left out. */
  applied(): Promise<void> {
    const { index, touched } = this.#parts;
    this.#marked.forEach(({ id, indexed, deleted }, i) => {
      const { file, rows } = indexed;
      const { equality } = file.deletes;
      const vector = this.#written[i]?.file;
      const deletes = { ...NO_DELETES, vector, equality };
      index.replaceFile(id, { file: { ...file, deletes }, rows, deleted });
    });
    for (const { id } of touched.emptied) index.removeFile(id);
    return Promise.resolve();
  }

  /** Removes what was written. */
  async abort(): Promise<void> {
    if (this.#key !== undefined) await this.#parts.store.delete(this.#key);
  }
}

function writtenVector(
  { path: referencedDataFile, file }: LiveDataFile,
  {
    path,
    sizeBytes,
    blob,
    recordCount,
  }: Pick<ContentFile, 'path' | 'sizeBytes' | 'recordCount'> & {
    readonly blob: NonNullable<ContentFile['blob']>;
  },
): WrittenVector {
  const record: FileRecord = {
    content: 1,
    file_path: path,
    file_format: 'PUFFIN',
    record_count: BigInt(recordCount),
    file_size_in_bytes: BigInt(sizeBytes),
    referenced_data_file: referencedDataFile,
    content_offset: BigInt(blob.offset),
    content_size_in_bytes: BigInt(blob.bytes),
  };
  const of = { content: 'position-deletes', format: 'PUFFIN', path, sizeBytes, blob } as const;
  return { record, file: { ...file, ...of, recordCount, referencedDataFile } };
}
