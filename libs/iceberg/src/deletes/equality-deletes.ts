import { canonicalRow } from '@cdc-demo/cdc-core';
import type { ColumnBatch, Field, FieldValue } from '@cdc-demo/cdc-core';
import { IcebergError } from '../errors.ts';
import type { ContentFile } from '../manifest/manifest-file.ts';
import type { ParquetFiles } from '../files/parquet-files.ts';
import type { ScanColumn } from '../schema/table-schema.ts';
import type { TableSchema } from '../schema/table-schema.ts';

/** Rows that are deleted by their values in some columns; NULL is a value like any other. */
export interface DeletedValues {
  readonly fields: readonly Field[];
  /** What rows have in these columns whose file does not. */
  readonly defaults: readonly FieldValue[];
  /** Canonical rows of `fields`. */
  readonly rows: ReadonlySet<string>;
}

/** Reads equality delete files, each once (table specification, "Equality Delete Files"). */
export class EqualityDeletes {
  readonly #parquet: ParquetFiles;
  readonly #schemas: readonly TableSchema[];
  readonly #known = new Map<string, Promise<DeletedValues>>();

  /** @param schemas of the table, the newest last: a column that was dropped counts all the same */
  constructor(parquet: ParquetFiles, schemas: readonly TableSchema[]) {
    this.#parquet = parquet;
    this.#schemas = schemas;
  }

  /** @throws IcebergError `iceberg/deletes-invalid`; as `ParquetFiles.open` */
  read(file: ContentFile): Promise<DeletedValues> {
    const known = this.#known.get(file.path);
    if (known) return known;
    const reading = this.#readAll(file);
    this.#known.set(file.path, reading);
    return reading;
  }

  async #readAll(file: ContentFile): Promise<DeletedValues> {
    const columns = file.equalityIds.map((id) => this.#column(id, file.path));
    const fields = columns.map(({ field }) => field);
    if (fields.length === 0) throw invalid(file.path, 'it names no columns');
    const parquet = await this.#parquet.open(file);
    const rows = new Set<string>();
    for await (const { rows: batch } of parquet.read({ fields, match: 'id' })) {
      for (let row = 0; row < batch.length; row++) rows.add(rowText(batch, row));
    }
    return { fields, defaults: columns.map(({ initialDefault }) => initialDefault), rows };
  }

  #column(id: number, path: string): ScanColumn {
    for (const { columns } of this.#schemas.toReversed()) {
      const column = columns.find((each) => each.id === id);
      const field = column?.field;
      if (field) return { field, initialDefault: column.initialDefault };
    }
    throw invalid(path, `the column ${id} is not in any schema of the table`);
  }
}

/** What tells the values of a row apart from all others. */
export function rowText({ fields, columns }: ColumnBatch, row: number): string {
  return canonicalRow(
    fields,
    columns.map((column) => column.value(row)),
  );
}

function invalid(path: string, what: string): IcebergError {
  return new IcebergError('iceberg/deletes-invalid', `The equality deletes in ${path}: ${what}`, {
    context: { path },
  });
}
