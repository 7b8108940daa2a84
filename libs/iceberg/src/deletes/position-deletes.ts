import type { FieldValue } from '@cdc-demo/cdc-core';
import { DeletionVector } from '@cdc-demo/lake-core';
import { IcebergError } from '../errors.ts';
import type { ContentFile } from '../manifest/manifest-file.ts';
import type { ParquetFiles } from '../files/parquet-files.ts';
import { FILE_PATH, POSITION } from './position-delete-fields.ts';

/** Reads position delete files, each once (table specification, "Position Delete Files"). */
export class PositionDeletes {
  readonly #parquet: ParquetFiles;
  readonly #known = new Map<string, Promise<ReadonlyMap<string, DeletionVector>>>();

  constructor(parquet: ParquetFiles) {
    this.#parquet = parquet;
  }

  /** The rows of a data file that delete files delete. @throws as `ParquetFiles.open` */
  async rowsOf(path: string, deletes: readonly ContentFile[]): Promise<DeletionVector> {
    const rows = new DeletionVector();
    for (const file of deletes) {
      const found = (await this.#read(file)).get(path);
      if (found) rows.addAll(found);
    }
    return rows;
  }

  #read(file: ContentFile): Promise<ReadonlyMap<string, DeletionVector>> {
    const known = this.#known.get(file.path);
    if (known) return known;
    const reading = this.#readAll(file);
    this.#known.set(file.path, reading);
    return reading;
  }

  async #readAll(file: ContentFile): Promise<ReadonlyMap<string, DeletionVector>> {
    const parquet = await this.#parquet.open(file);
    const rows = new Map<string, DeletionVector>();
    for await (const { rows: batch } of parquet.read({
      fields: [FILE_PATH, POSITION],
      match: 'id',
    })) {
      const [paths, positions] = batch.columns;
      for (let row = 0; row < batch.length; row++) {
        const path = paths?.value(row) as string;
        let vector = rows.get(path);
        if (!vector) rows.set(path, (vector = new DeletionVector()));
        vector.add(rowNumber(positions?.value(row), file));
      }
    }
    return rows;
  }
}

/** A position as a row number of a file, which no file has more of than a number can hold. */
function rowNumber(position: FieldValue | undefined, { path }: ContentFile): number {
  const row = typeof position === 'bigint' && position >= 0n ? Number(position) : -1;
  if (Number.isSafeInteger(row) && row >= 0) return row;
  throw new IcebergError(
    'iceberg/deletes-invalid',
    `The file ${path} deletes a row that cannot be`,
    {
      context: { path },
    },
  );
}
