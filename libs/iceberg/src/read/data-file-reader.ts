import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Column, Field } from '@cdc-demo/cdc-core';
import {
  NO_BOUNDS,
  boundColumns,
  constantColumn,
  keepRows,
  matchingRows,
  possibleOutcomes,
  relabelColumn,
} from '@cdc-demo/lake-core';
import type { BoundColumn, DeletionVector, RowPruning } from '@cdc-demo/lake-core';
import type { DeleteFiles, DeletesOfFile } from '../deletes/delete-files.ts';
import { EqualityDeletes, rowText } from '../deletes/equality-deletes.ts';
import type { DeletedValues } from '../deletes/equality-deletes.ts';
import { PositionDeletes } from '../deletes/position-deletes.ts';
import { readDeletionVector } from '../deletes/read-deletion-vector.ts';
import { IcebergError } from '../errors.ts';
import type { ContentFile } from '../manifest/manifest-file.ts';
import type { TableMetadata } from '../metadata/table-metadata.ts';
import { parseNameMapping } from '../schema/name-mapping.ts';
import type { NameMapping } from '../schema/name-mapping.ts';
import { columnOrigins } from './file-columns.ts';
import type { ColumnOrigin } from './file-columns.ts';
import { ParquetFiles } from './parquet-files.ts';
import { LINEAGE_FIELDS, lineageColumns } from './row-lineage.ts';
import type { Scan, ScanColumn } from './scan.ts';
import type { TableFiles } from './table-files.ts';

const BATCH_ROWS = 8192;
const NAME_MAPPING = 'schema.name-mapping.default';

export interface DataFileReaderParts {
  readonly metadata: TableMetadata;
  readonly files: TableFiles;
  readonly deletes: DeleteFiles;
  /** Rows of a batch at most. */
  readonly batchRows?: number | undefined;
}

/** Reads rows of a snapshot's data files in the table's own terms. */
export class DataFileReader {
  readonly #parts: DataFileReaderParts;
  readonly #parquet: ParquetFiles;
  readonly #positions: PositionDeletes;
  readonly #equality: EqualityDeletes;
  readonly #names: NameMapping | undefined;

  /** @throws SyntaxError or TypeError when the table's name mapping is none */
  constructor(parts: DataFileReaderParts) {
    const { properties, schemas } = parts.metadata;
    const mapping = properties[NAME_MAPPING];
    this.#parts = parts;
    this.#parquet = new ParquetFiles(parts.files);
    this.#positions = new PositionDeletes(this.#parquet);
    this.#equality = new EqualityDeletes(this.#parquet, schemas);
    this.#names = mapping === undefined ? undefined : parseNameMapping(mapping);
  }

  /**
   * The rows of a file that are not deleted and that the scan wants, in the order of the file.
   * @throws IcebergError, LakeError as `ParquetFiles.open`, `columnOrigins` and delete files do
   */
  async *liveRows(file: ContentFile, scan: Scan): AsyncGenerator<ColumnBatch, void, undefined> {
    const { metadata, deletes, batchRows = BATCH_ROWS } = this.#parts;
    const concerning = deletes.of(file);
    const deleted = await this.#deletedRows(file, concerning);
    const values = await Promise.all(concerning.equality.map((each) => this.#equality.read(each)));
    const columns = [...scan.columns, ...this.#keysOf(values, scan)];
    const parquet = await this.#parquet.open(file);
    const spec = metadata.specs.find(({ id }) => id === file.specId) ?? { id: 0, fields: [] };
    const facts = { file, spec, fields: parquet.fields, names: this.#names };
    const origins = columnOrigins(columns, facts);
    const stored = origins.flatMap((origin) => (origin.kind === 'stored' ? [origin.field] : []));
    const lineage = scan.lineage ? LINEAGE_FIELDS : [];
    const pruning = pruningOf(scan, origins);
    const read = { fields: [...stored, ...lineage], match: 'id', batchRows, pruning } as const;
    for await (const { firstRow, rows } of parquet.read(read)) {
      const batch = inTableTerms(rows, columns, origins);
      const dropped = new Uint8Array(rows.length);
      deleted?.mark(firstRow, dropped);
      for (const each of values) dropDeleted(batch, each, dropped);
      dropUnwanted(batch, scan, dropped);
      const found = rows.columns.slice(stored.length);
      const added = scan.lineage
        ? lineageColumns(found, file, { firstRow, length: rows.length })
        : [];
      const output = withColumns(batch, scan.outputs, { fields: lineage, columns: added });
      const kept = keepRows(output, dropped);
      if (kept.length > 0) yield kept;
    }
  }

  async #deletedRows(
    { path }: ContentFile,
    { vector, positions }: DeletesOfFile,
  ): Promise<DeletionVector | undefined> {
    if (vector) return readDeletionVector(vector, this.#parts.files);
    return positions.length > 0 ? this.#positions.rowsOf(path, positions) : undefined;
  }

  /** Columns whose values say which rows are deleted, and that are not read anyway. */
  #keysOf(values: readonly DeletedValues[], scan: Scan): readonly ScanColumn[] {
    const known = new Set(scan.columns.map(({ field }) => field.id));
    const added: ScanColumn[] = [];
    for (const field of values.flatMap(({ fields }) => fields)) {
      if (known.has(field.id)) continue;
      known.add(field.id);
      added.push({ field, initialDefault: null });
    }
    return added;
  }
}

function inTableTerms(
  rows: ColumnBatch,
  columns: readonly ScanColumn[],
  origins: readonly ColumnOrigin[],
): ColumnBatch {
  let at = 0;
  const placed = origins.map((origin, i): Column => {
    const type = columns[i]?.field.type ?? { kind: 'string' };
    if (origin.kind === 'constant') return constantColumn(type, origin.value, rows.length);
    const column = rows.columns[at++];
    if (!column) throw new IcebergError('iceberg/metadata-invalid', 'A column was not read');
    return relabelColumn(column, type);
  });
  return ColumnBatch.of(
    columns.map(({ field }) => field),
    placed,
    rows.length,
  );
}

function dropDeleted(
  batch: ColumnBatch,
  { fields, rows }: DeletedValues,
  dropped: Uint8Array,
): void {
  const columns = fields.flatMap(
    ({ id }) => batch.columns[batch.fields.findIndex((field) => field.id === id)] ?? [],
  );
  const key = ColumnBatch.of(fields, columns, batch.length);
  for (let row = 0; row < batch.length; row++) {
    if (dropped[row] === 0 && rows.has(rowText(key, row))) dropped[row] = 1;
  }
}

function dropUnwanted(batch: ColumnBatch, { predicate }: Scan, dropped: Uint8Array): void {
  const matching = predicate && matchingRows(predicate, batch);
  for (let row = 0; matching && row < dropped.length; row++) {
    if (matching[row] === 0) dropped[row] = 1;
  }
}

function withColumns(
  { fields, columns, length }: ColumnBatch,
  count: number,
  added: { readonly fields: readonly Field[]; readonly columns: readonly Column[] },
): ColumnBatch {
  return ColumnBatch.of(
    [...fields.slice(0, count), ...added.fields],
    [...columns.slice(0, count), ...added.columns],
    length,
  );
}

/** What a reader of the file may leave out, by the statistics in the file. */
function pruningOf({ predicate }: Scan, origins: readonly ColumnOrigin[]): RowPruning | undefined {
  if (!predicate) return undefined;
  const places: number[] = [];
  let stored = 0;
  for (const origin of origins) places.push(origin.kind === 'stored' ? stored++ : -1);
  const inFile = boundColumns(predicate).flatMap(({ path: [at = -1, ...below] }) => {
    const place = places[at] ?? -1;
    return place < 0 ? [] : [{ key: [at, ...below].join('.'), path: [place, ...below] }];
  });
  return {
    columns: inFile.map(({ path }) => path),
    mayMatch: (found) => {
      const bounds = new Map(inFile.map(({ key }, i) => [key, found[i] ?? NO_BOUNDS]));
      const boundsOf = ({ path }: BoundColumn) => bounds.get(path.join('.')) ?? NO_BOUNDS;
      return possibleOutcomes(predicate, boundsOf).someMatch;
    },
  };
}
