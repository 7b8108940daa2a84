import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Column, Field } from '@cdc-demo/cdc-core';
import {
  DeletionVector,
  NO_BOUNDS,
  boundColumns,
  constantColumn,
  keepRows,
  matchingRows,
  possibleOutcomes,
  relabelColumn,
} from '@cdc-demo/lake-core';
import type { BoundColumn, ParquetFile, ParquetFileCache, RowPruning } from '@cdc-demo/lake-core';
import type { DeleteFiles, DeletesOfFile } from '../deletes/delete-files.ts';
import { EqualityDeletes, rowText } from '../deletes/equality-deletes.ts';
import type { DeletedValues } from '../deletes/equality-deletes.ts';
import { PositionDeletes } from '../deletes/position-deletes.ts';
import { readDeletionVector } from '../deletes/read-deletion-vector.ts';
import { IcebergError } from '../errors.ts';
import type { ContentFile } from '../manifest/manifest-file.ts';
import type { PartitionSpec } from '../metadata/partition-spec.ts';
import type { TableMetadata } from '../metadata/table-metadata.ts';
import { parseNameMapping } from '../schema/name-mapping.ts';
import type { NameMapping } from '../schema/name-mapping.ts';
import { fileBounds } from './file-bounds.ts';
import { columnOrigins } from './file-columns.ts';
import type { ColumnOrigin } from './file-columns.ts';
import { ParquetFiles } from '../files/parquet-files.ts';
import { LINEAGE_FIELDS, lineageColumns } from './row-lineage.ts';
import type { ScanColumn } from '../schema/table-schema.ts';
import type { Scan } from './scan.ts';
import type { TableFiles } from '../files/table-files.ts';

const BATCH_ROWS = 8192;
const NAME_MAPPING = 'schema.name-mapping.default';

export interface DataFileReaderParts {
  readonly metadata: TableMetadata;
  readonly files: TableFiles;
  readonly deletes: DeleteFiles;
  /** Rows of a batch at most. */
  readonly batchRows?: number | undefined;
  /** For rows by their positions; see `RowsRead`. */
  readonly gapBytes?: number | undefined;
  /** Open files of the table, where they are read again and again. */
  readonly cache?: ParquetFileCache | undefined;
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
    this.#parquet = new ParquetFiles(parts.files, parts.cache);
    this.#positions = new PositionDeletes(this.#parquet);
    this.#equality = new EqualityDeletes(this.#parquet, schemas);
    this.#names = mapping === undefined ? undefined : parseNameMapping(mapping);
  }

  /** The delete files that concern a file. */
  deletesOf(file: ContentFile): DeletesOfFile {
    return this.#parts.deletes.of(file);
  }

  /** May a file have rows that the scan wants, by its partition and its metrics? */
  mayHold(file: ContentFile, { predicate, columns }: Scan): boolean {
    if (!predicate) return true;
    const spec = this.#specOf(file);
    const fields = columns.map(({ field }) => field);
    return possibleOutcomes(predicate, ({ path }) => {
      const field = fieldAt(fields, path);
      return field ? fileBounds(file, spec, field) : NO_BOUNDS;
    }).someMatch;
  }

  /**
   * The rows of a file that are not deleted and that the scan wants, in the order of the file.
   * @throws IcebergError, LakeError as `ParquetFiles.open`, `columnOrigins` and delete files do
   */
  async *liveRows(file: ContentFile, scan: Scan): AsyncGenerator<ColumnBatch, void, undefined> {
    if (!this.mayHold(file, scan)) return;
    const deletes = this.deletesOf(file);
    const deleted = await this.#byPosition(file, deletes);
    const values = await this.#byValue(deletes);
    const read = await this.#open(file, scan, values);
    const { parquet, fields } = read;
    const batchRows = this.#parts.batchRows ?? BATCH_ROWS;
    const pruning = pruningOf(scan, read.origins);
    for await (const { firstRow, rows } of parquet.read({
      fields,
      match: 'id',
      batchRows,
      pruning,
    })) {
      const batch = inTableTerms(rows, read);
      const dropped = new Uint8Array(rows.length);
      deleted?.mark(firstRow, dropped);
      for (const each of values) dropDeleted(batch, each, dropped);
      dropUnwanted(batch, scan, dropped);
      const positions = scan.lineage ? Array.from(dropped.keys(), (row) => firstRow + row) : [];
      const kept = keepRows(output(batch, rows, { read, scan, positions }), dropped);
      if (kept.length > 0) yield kept;
    }
  }

  /** Rows of a file by their positions, ascending; deleted or not, wanted by a filter or not. */
  async rowsAt(file: ContentFile, positions: readonly number[], scan: Scan): Promise<ColumnBatch> {
    const read = await this.#open(file, scan, []);
    const rows = await read.parquet.readRows(Uint32Array.from(positions), {
      fields: read.fields,
      match: 'id',
      gapBytes: this.#parts.gapBytes,
    });
    return output(inTableTerms(rows, read), rows, { read, scan, positions });
  }

  /** The rows of a file that are deleted. @throws as `liveRows` */
  async deleted(file: ContentFile): Promise<DeletionVector> {
    const deletes = this.deletesOf(file);
    const deleted = (await this.#byPosition(file, deletes))?.clone() ?? new DeletionVector();
    const values = await this.#byValue(deletes);
    if (values.length === 0) return deleted;
    const none = { columns: [], outputs: 0, predicate: undefined, lineage: false };
    const read = await this.#open(file, none, values);
    for await (const { firstRow, rows } of read.parquet.read({
      fields: read.fields,
      match: 'id',
    })) {
      const dropped = new Uint8Array(rows.length);
      const batch = inTableTerms(rows, read);
      for (const each of values) dropDeleted(batch, each, dropped);
      dropped.forEach((isDropped, row) => {
        if (isDropped === 1) deleted.add(firstRow + row);
      });
    }
    return deleted;
  }

  async #open(
    file: ContentFile,
    scan: Scan,
    values: readonly DeletedValues[],
  ): Promise<OpenDataFile> {
    const columns = [...scan.columns, ...keysOf(values, scan)];
    const parquet = await this.#parquet.open(file);
    const spec = this.#specOf(file);
    const facts = { file, spec, fields: parquet.fields, names: this.#names };
    const origins = columnOrigins(columns, facts);
    const stored = origins.flatMap((origin) => (origin.kind === 'stored' ? [origin.field] : []));
    const fields = [...stored, ...(scan.lineage ? LINEAGE_FIELDS : [])];
    return { file, parquet, columns, origins, fields, stored: stored.length };
  }

  #specOf({ specId }: ContentFile): PartitionSpec {
    const { specs } = this.#parts.metadata;
    return specs.find(({ id }) => id === specId) ?? { id: specId, fields: [] };
  }

  async #byPosition(
    { path }: ContentFile,
    { vector, positions }: DeletesOfFile,
  ): Promise<DeletionVector | undefined> {
    if (vector) return readDeletionVector(vector, this.#parts.files);
    return positions.length > 0 ? this.#positions.rowsOf(path, positions) : undefined;
  }

  #byValue({ equality }: DeletesOfFile): Promise<readonly DeletedValues[]> {
    return Promise.all(equality.map((each) => this.#equality.read(each)));
  }
}

/** A data file, and where the columns come from that are read of it. */
interface OpenDataFile {
  readonly file: ContentFile;
  readonly parquet: ParquetFile;
  readonly columns: readonly ScanColumn[];
  readonly origins: readonly ColumnOrigin[];
  /** What is read of the file: stored columns, then those of row lineage. */
  readonly fields: readonly Field[];
  readonly stored: number;
}

function fieldAt(
  fields: readonly Field[],
  [at = -1, ...below]: readonly number[],
): Field | undefined {
  const field = fields[at];
  if (!field || below.length === 0) return field;
  return field.type.kind === 'struct' ? fieldAt(field.type.fields, below) : undefined;
}

/** Columns whose values say which rows are deleted, and that are not read anyway. */
function keysOf(values: readonly DeletedValues[], scan: Scan): readonly ScanColumn[] {
  const known = new Set(scan.columns.map(({ field }) => field.id));
  const added: ScanColumn[] = [];
  for (const { fields, defaults } of values) {
    for (const [i, field] of fields.entries()) {
      if (known.has(field.id)) continue;
      known.add(field.id);
      added.push({ field, initialDefault: defaults[i] ?? null });
    }
  }
  return added;
}

function inTableTerms(rows: ColumnBatch, { columns, origins }: OpenDataFile): ColumnBatch {
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

/** The columns of the result: the wanted ones, and those of row lineage. */
function output(
  { fields, columns, length }: ColumnBatch,
  rows: ColumnBatch,
  {
    read,
    scan: { outputs, lineage },
    positions,
  }: { readonly read: OpenDataFile; readonly scan: Scan; readonly positions: readonly number[] },
): ColumnBatch {
  const added = lineage
    ? lineageColumns(rows.columns.slice(read.stored), read.file, positions)
    : [];
  return ColumnBatch.of(
    [...fields.slice(0, outputs), ...(lineage ? LINEAGE_FIELDS : [])],
    [...columns.slice(0, outputs), ...added],
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
