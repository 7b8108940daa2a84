import { randomUUID } from 'node:crypto';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field, ObjectStore, ObjectWriter } from '@cdc-demo/cdc-core';
import { LakeError } from '../errors.ts';
import { openParquet } from '../parquet/read/parquet-file.ts';
import type { ParquetCompression } from '../parquet/write/compression.ts';
import type { LeafStatistics } from '../parquet/write/leaf-statistics.ts';
import { ParquetWriter } from '../parquet/write/parquet-writer.ts';

/** How the files of a table are written. */
export interface FileLayout {
  readonly compression: ParquetCompression;
  /** A file is ended when it has at least so many bytes. */
  readonly targetFileBytes: number;
  /** A file is ended when it has at least so many rows. */
  readonly targetFileRows: number;
}

export const DEFAULT_LAYOUT: FileLayout = {
  compression: 'snappy',
  targetFileBytes: 128 * 1024 * 1024,
  targetFileRows: 1_000_000,
};

/** The rows of a table that stand in files of their own. */
export interface FilePartition {
  /** Counts the partitions in the order in which they were met, from 0. */
  readonly number: number;
  /** Ends with `/`; empty without partition columns. */
  readonly folder: string;
}

/** A file as its writer leaves it, durable. */
export interface FileSummary<P extends FilePartition> {
  /** Where the file lies in the store. */
  readonly key: string;
  readonly rows: number;
  readonly bytes: number;
  readonly partition: P;
  /** One for each leaf of the columns, in order. */
  readonly leaves: readonly LeafStatistics[];
}

/**
 * @typeParam P partitions of the format
 * @typeParam F how the format describes a file
 */
export interface DataFilesOptions<P extends FilePartition, F> {
  readonly store: ObjectStore;
  readonly layout: FileLayout;
  /** Which columns of the rows the files have, and their names and ids there. */
  readonly columns: readonly { readonly at: number; readonly field: Field }[];
  /** Folder of all files with its `/`, or empty. */
  readonly root: string;
  /** Name of a file before its unique part and the suffix. */
  readonly prefix: string;
  /** Name of the program, for the files. */
  readonly createdBy: string;
  readonly describe: (summary: FileSummary<P>) => F;
  /** The partition that all rows are of. */
  readonly partition: P;
}

/** A data file that is durable and in no version yet. */
export interface WrittenFile<F> {
  readonly file: F;
  /** Where the file lies in the store. */
  readonly key: string;
  readonly rows: number;
  readonly bytes: number;
}

interface OpenFile {
  readonly key: string;
  readonly writer: ParquetWriter;
  readonly output: ObjectWriter;
}

/**
 * Writes rows to data files of about the wanted size. Ending a file does not stop the next one:
 * its last bytes become durable while rows go on. An error of such an end comes from the next
 * `write` or `finish`.
 */
export class DataFileWriter<P extends FilePartition, F> {
  readonly #options: DataFilesOptions<P, F>;
  readonly #fields: readonly Field[];
  readonly #done: WrittenFile<F>[] = [];
  #open: OpenFile | undefined;
  #ending: Promise<void> = Promise.resolve();
  #rows = 0;

  constructor(options: DataFilesOptions<P, F>) {
    this.#options = options;
    this.#fields = options.columns.map(({ field }) => field);
  }

  /** Rows written so far. */
  get rows(): number {
    return this.#rows;
  }

  /** Memory that the open file takes. */
  get bufferedBytes(): number {
    return this.#open?.writer.bufferedBytes ?? 0;
  }

  /** Appends rows [start, end) of a batch. */
  async write(batch: ColumnBatch, start = 0, end = batch.length): Promise<void> {
    const { layout, columns } = this.#options;
    const { targetFileBytes, targetFileRows } = layout;
    const wanted = columns.flatMap(({ at }) => batch.columns[at] ?? []);
    const rows = ColumnBatch.of(this.#fields, wanted, batch.length);
    for (let from = start; from < end; ) {
      this.#open ??= await this.#begin();
      const { writer } = this.#open;
      const to = Math.min(end, from + targetFileRows - writer.rows);
      await writer.write(rows, from, to);
      this.#rows += to - from;
      from = to;
      if (writer.bytes >= targetFileBytes || writer.rows >= targetFileRows) await this.endFile();
    }
  }

  /** The files, durable, in the order of their rows. */
  async finish(): Promise<readonly WrittenFile<F>[]> {
    await this.#ending;
    if (this.#open) await this.#end(this.#open);
    this.#open = undefined;
    return this.#done;
  }

  /** Removes what was written. */
  async abort(): Promise<void> {
    await Promise.allSettled([this.#ending]);
    await this.#open?.output.abort();
    this.#open = undefined;
    const { store } = this.#options;
    await Promise.all(this.#done.map(({ key }) => store.delete(key)));
  }

  /** Ends the open file while rows go on; the file before it is ended then. */
  async endFile(): Promise<void> {
    const full = this.#open;
    await this.#ending;
    this.#open = undefined;
    if (!full) return;
    this.#ending = this.#end(full);
    this.#ending.catch(() => {
      // Told by the next await of the same promise.
    });
  }

  async #begin(): Promise<OpenFile> {
    const { store, layout, root, prefix, partition, createdBy } = this.#options;
    const { compression } = layout;
    const key = `${root}${partition.folder}${dataFileName(prefix, compression)}`;
    const output = await store.openWriter(key);
    const writer = new ParquetWriter(output, this.#fields, { compression, createdBy });
    return { key, writer, output };
  }

  async #end({ key, writer, output }: OpenFile): Promise<void> {
    try {
      const { rows, bytes, columns: leaves } = await writer.finish();
      await output.close();
      const { partition, describe, store } = this.#options;
      const file = describe({ key, rows, bytes, partition, leaves });
      this.#done.push({ file, key, rows, bytes });
      await assertAsWritten(store, { key, rows, bytes });
    } catch (error) {
      await output.abort();
      throw error;
    }
  }
}

/**
 * Reads the footer back from the store before a version names the file.
 * @throws LakeError `lake/parquet-corrupt`
 */
async function assertAsWritten(
  store: ObjectStore,
  { key, rows, bytes }: { readonly key: string; readonly rows: number; readonly bytes: number },
): Promise<void> {
  const found = (await openParquet(store, key, bytes)).rows;
  if (found === rows) return;
  throw new LakeError(
    'lake/parquet-corrupt',
    `${store.url}${key} has ${found} rows where ${rows} were written`,
    { context: { file: `${store.url}${key}` } },
  );
}

/** A name that no file has. It needs no encoding in a path. */
function dataFileName(prefix: string, compression: FileLayout['compression']): string {
  const suffix = compression === 'uncompressed' ? 'parquet' : `${compression}.parquet`;
  return `${prefix}${randomUUID()}.${suffix}`;
}
