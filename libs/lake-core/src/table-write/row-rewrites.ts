import { bytesOf } from '../data-files/table-file-writer.ts';
import type { WrittenFile } from '../data-files/data-file-writer.ts';
import type { FileReader, LiveFile } from '../table-index/live-file.ts';
import type { TableIndex } from '../table-index/table-index.ts';
import type { TouchedFiles } from '../table-index/touched-files.ts';
import type { FileDeletions } from './merge-commit.ts';
import type { RowsWriter } from './write-rows.ts';

export interface RewriteParts<F extends LiveFile> {
  readonly index: TableIndex<F>;
  readonly touched: TouchedFiles<F>;
  readonly reader: FileReader<F>;
  readonly writer: RowsWriter<F>;
}

/**
 * What a commit's deletions do to files of a table whose readers know no deleted rows: a file of
 * which rows are left is written anew without the others.
 */
export class RowRewrites<F extends LiveFile> implements FileDeletions {
  readonly #parts: RewriteParts<F>;
  #added: readonly WrittenFile<F>[] = [];

  constructor(parts: RewriteParts<F>) {
    this.#parts = parts;
  }

  /** After `write`: the new files. */
  get added(): readonly WrittenFile<F>[] {
    return this.#added;
  }

  get files(): number {
    return this.#added.length;
  }

  get bytes(): number {
    return bytesOf(this.#added);
  }

  /** Makes the new files durable. */
  async write(): Promise<void> {
    const { touched, reader, writer } = this.#parts;
    for (const { indexed, deleted } of touched.marked) {
      for await (const rows of reader.rowsExcept(indexed.file, deleted)) await writer.write(rows);
    }
    this.#added = await writer.finish();
  }

  /** Lets the index follow the commit: the keys of rows that were copied lead to the new files. */
  async applied(): Promise<void> {
    const { index, touched, reader } = this.#parts;
    for (const { id } of [...touched.marked, ...touched.emptied]) index.removeFile(id);
    for (const { file } of this.#added) await index.readFile(reader, file);
  }

  /** Removes what was written. */
  abort(): Promise<void> {
    return this.#parts.writer.abort();
  }
}
