import type { ColumnBatch } from '@cdc-demo/cdc-core';
import { DataFileWriter } from './data-file-writer.ts';
import type { DataFilesOptions, FilePartition, WrittenFile } from './data-file-writer.ts';
import { rowsByPartition } from './rows-by-partition.ts';

/** Files that are open at the same time. */
const OPEN_FILES = 64;
/** Memory that open files may take before the largest is ended. */
const BUFFERED_BYTES = 128 * 1024 * 1024;

/** Tells rows of a table apart by their partition. */
export interface PartitionSplit<P extends FilePartition> {
  /** For each of rows [start, end) its partition: the same object for the same partition. */
  partitions(rows: ColumnBatch, start: number, end: number): readonly P[];
}

/** Options for a table with partitions, or for one without. */
export type TableFilesOptions<P extends FilePartition, F> = Omit<
  DataFilesOptions<P, F>,
  'partition'
> & { readonly partitions: PartitionSplit<P> | P };

/** Where each row went: row i is row rows[i] of file files[i] of those that `finish` gave. */
export interface WrittenPlaces {
  readonly files: Uint32Array;
  readonly rows: Uint32Array;
}

/** Writes rows of a table to new data files, for each partition its own. */
export class TableFileWriter<P extends FilePartition, F> {
  readonly #options: TableFilesOptions<P, F>;
  /** By partition's number; those that were written to last come last. */
  readonly #writers = new Map<number, DataFileWriter<P, F>>();
  readonly #open = new Map<number, DataFileWriter<P, F>>();
  /** For each row the number of its partition, where there are partition columns. */
  #partitionOf = new Uint32Array(0);
  #rows = 0;
  #written: readonly (readonly WrittenFile<F>[])[] = [];

  constructor(options: TableFilesOptions<P, F>) {
    this.#options = options;
  }

  /** Rows written so far. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Appends rows [start, end) of a batch in the columns of the table.
   * @throws LakeError `lake/null-in-required-column`; what the split throws
   */
  async write(rows: ColumnBatch, start = 0, end: number = rows.length): Promise<void> {
    if (start >= end) return;
    const { partitions: split } = this.#options;
    if (!('partitions' in split)) {
      await this.#writer(split).write(rows, start, end);
      this.#rows += end - start;
      return;
    }
    const partitions = split.partitions(rows, start, end);
    for (const part of rowsByPartition(rows, partitions, start)) {
      await this.#writer(part.partition).write(part.rows);
      await this.#keepWithinMemory();
    }
    this.#note(partitions);
  }

  /** The files, durable; those of a partition in the order of their rows. */
  async finish(): Promise<readonly WrittenFile<F>[]> {
    const byNumber = [...this.#writers].sort(([a], [b]) => a - b);
    this.#written = await Promise.all(byNumber.map(([, writer]) => writer.finish()));
    return this.#written.flat();
  }

  /** After `finish`; undefined when all rows stand one behind the other in the files. */
  places(): WrittenPlaces | undefined {
    if (!('partitions' in this.#options.partitions)) return undefined;
    const places = { files: new Uint32Array(this.#rows), rows: new Uint32Array(this.#rows) };
    let first = 0;
    const cursors = this.#written.map((files) => {
      const cursor = new FileCursor(files, first);
      first += files.length;
      return cursor;
    });
    for (let i = 0; i < this.#rows; i++) {
      const cursor = cursors[this.#partitionOf[i] ?? 0];
      cursor?.next();
      places.files[i] = cursor?.file ?? 0;
      places.rows[i] = cursor?.row ?? 0;
    }
    return places;
  }

  /** Removes what was written. */
  async abort(): Promise<void> {
    await Promise.all(Array.from(this.#writers.values(), (writer) => writer.abort()));
  }

  #writer(partition: P): DataFileWriter<P, F> {
    const { number } = partition;
    const known = this.#writers.get(number);
    const writer = known ?? new DataFileWriter({ ...this.#options, partition });
    if (!known) this.#writers.set(number, writer);
    this.#open.delete(number);
    this.#open.set(number, writer);
    return writer;
  }

  async #keepWithinMemory(): Promise<void> {
    for (const [number, writer] of this.#open) {
      if (this.#open.size <= OPEN_FILES) break;
      this.#open.delete(number);
      await writer.endFile();
    }
    let [bytes, most] = [0, 0];
    let largest: DataFileWriter<P, F> | undefined;
    for (const writer of this.#open.values()) {
      const { bufferedBytes } = writer;
      bytes += bufferedBytes;
      if (bufferedBytes > most) [most, largest] = [bufferedBytes, writer];
    }
    if (bytes > BUFFERED_BYTES) await largest?.endFile();
  }

  #note(partitions: readonly FilePartition[]): void {
    const rows = this.#rows + partitions.length;
    if (rows > this.#partitionOf.length) {
      const grown = new Uint32Array(Math.max(rows, this.#partitionOf.length * 2));
      grown.set(this.#partitionOf);
      this.#partitionOf = grown;
    }
    partitions.forEach(({ number }, i) => {
      this.#partitionOf[this.#rows + i] = number;
    });
    this.#rows = rows;
  }
}

/** Steps through the rows of a partition's files. */
class FileCursor {
  readonly #files: readonly Pick<WrittenFile<unknown>, 'rows'>[];
  readonly #first: number;
  #at = 0;
  row = -1;

  constructor(files: readonly Pick<WrittenFile<unknown>, 'rows'>[], first: number) {
    this.#files = files;
    this.#first = first;
  }

  get file(): number {
    return this.#first + this.#at;
  }

  next(): void {
    this.row++;
    if (this.row < (this.#files[this.#at]?.rows ?? 0)) return;
    this.#at++;
    this.row = 0;
  }
}

/** Bytes of files together. */
export function bytesOf(files: readonly Pick<WrittenFile<unknown>, 'bytes'>[]): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
