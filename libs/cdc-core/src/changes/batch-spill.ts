import { ColumnBatch } from '../columns/column-batch.ts';
import { PageReader, PageWriter, readColumn, writeColumn } from '../columns/column-pages.ts';
import type { SpillFile } from '../ports/spill-space.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import { ChangeBatch, NO_IMAGE } from './change-batch.ts';

interface Chunk {
  readonly schema: TableSchema;
  readonly start: number;
  readonly bytes: number;
  readonly changes: number;
  readonly images: number;
}

/**
 * Change batches of one table on disk, in order. Their columns are written as they lie in memory
 * and read back where they lie in the file. Several spills may share a file.
 */
export class BatchSpill {
  readonly #file: SpillFile;
  readonly #chunks: Chunk[] = [];
  #length = 0;
  #byteSize = 0;

  constructor(file: SpillFile) {
    this.#file = file;
  }

  /** Changes. */
  get length(): number {
    return this.#length;
  }

  get byteSize(): number {
    return this.#byteSize;
  }

  /** What the rows look like, each shape once while it lasts. */
  get schemas(): TableSchema[] {
    const schemas = this.#chunks.map(({ schema }) => schema);
    return schemas.filter((schema, i) => schema !== schemas[i - 1]);
  }

  /** Appends the changes of a batch from `first` on; their images are those from `image` on. */
  async append(batch: ChangeBatch, first = 0, image = 0): Promise<void> {
    const { length, images } = batch;
    if (length === first) return;
    const pages = new PageWriter();
    pages.put(batch.ops.subarray(first, length));
    pages.put(batch.beforeIsFull.subarray(first, length));
    pages.put(batch.ordinal.subarray(first, length));
    pages.put(shifted(batch.before, [first, length], image));
    pages.put(shifted(batch.after, [first, length], image));
    for (const column of images.columns) writeColumn(column, [image, images.length], pages);
    const start = this.#file.size;
    await this.#file.append(pages.pieces);
    this.#chunks.push({
      schema: batch.schema,
      start,
      bytes: pages.size,
      changes: length - first,
      images: images.length - image,
    });
    this.#length += length - first;
    this.#byteSize += pages.size;
  }

  /** The batches as they were appended, without `transactions`. Any number of times. */
  async *batches(): AsyncGenerator<ChangeBatch, void, undefined> {
    for (const chunk of this.#chunks) {
      yield readChunk(chunk, await this.#file.read(chunk.start, chunk.bytes));
    }
  }
}

function readChunk({ schema, changes, images }: Chunk, bytes: Uint8Array): ChangeBatch {
  const pages = new PageReader(bytes);
  const ops = pages.bytes(changes);
  const beforeIsFull = pages.bytes(changes);
  const ordinal = pages.uint32(changes);
  const before = pages.int32(changes);
  const after = pages.int32(changes);
  const columns = schema.fields.map((field) => readColumn(field.type, images, pages));
  return Object.assign(new ChangeBatch(schema, 0), {
    images: ColumnBatch.of(schema.fields, columns, images),
    length: changes,
    ops,
    before,
    after,
    beforeIsFull,
    transaction: new Uint32Array(changes),
    ordinal,
  });
}

/** Image numbers as they are when the images before `base` are left out. */
function shifted(
  rows: Int32Array,
  [start, end]: readonly [number, number],
  base: number,
): Int32Array {
  const part = rows.subarray(start, end);
  if (base === 0) return part;
  return part.map((row) => (row === NO_IMAGE ? NO_IMAGE : row - base));
}
