import type {
  ColumnChunk,
  ColumnMetaData,
  Encoding,
  FileMetaData,
  OffsetIndex,
  SchemaElement,
} from 'hyparquet';
import { Encodings } from 'hyparquet/src/constants.js';
import { ByteWriter } from 'hyparquet-writer';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import { serializeTCompactProtocol } from 'hyparquet-writer/src/thrift.js';

/** A data page given by its parts, uncompressed. */
export interface MadePage {
  readonly entries: number;
  readonly repetitions?: readonly number[];
  readonly definitions?: readonly number[];
  readonly encoding?: Encoding;
  readonly levelEncoding?: Encoding;
  /** The encoded values. */
  readonly values: Uint8Array;
}

export interface MadeColumn {
  readonly pages: readonly MadePage[];
  /** Values of the dictionary in PLAIN encoding. */
  readonly dictionary?: { readonly count: number; readonly values: Uint8Array };
  /** First rows of the pages, for an offset index. */
  readonly firstRows?: readonly number[];
  /** Changes to what the footer says of the column. */
  readonly metadata?: Partial<ColumnMetaData>;
  readonly chunk?: { [K in keyof ColumnChunk]?: ColumnChunk[K] | undefined };
}

export interface MadeFile {
  /** The root is added. */
  readonly schema: readonly SchemaElement[];
  readonly topLevel?: number;
  /** In the order of the schema's leaves. */
  readonly columns: readonly MadeColumn[];
  readonly rows: number;
  readonly metadata?: Partial<FileMetaData>;
}

const MAGIC = Uint8Array.of(0x50, 0x41, 0x52, 0x31);

/** A file with one row group, data pages v1, and whatever is wrong with it. */
export function madeFile({ schema, topLevel = 1, columns, rows, metadata }: MadeFile): Uint8Array {
  const out = new ByteWriter();
  out.appendBytes(MAGIC);
  const leaves = schema.filter(({ type }) => type !== undefined);
  const chunks = columns.map((column, i) => {
    const leaf = leaves[i]!;
    const start = out.offset;
    if (column.dictionary) writeDictionary(out, column.dictionary);
    const first = out.offset;
    const offsets = column.pages.map((page) => {
      const offset = out.offset;
      writePage(out, page);
      return { offset: BigInt(offset), compressed_page_size: out.offset - offset };
    });
    const size = BigInt(out.offset - start);
    const meta_data: ColumnMetaData = {
      type: leaf.type!,
      encodings: ['PLAIN'],
      path_in_schema: pathOf(schema, leaf),
      codec: 'UNCOMPRESSED',
      num_values: BigInt(column.pages.reduce((sum, { entries }) => sum + entries, 0)),
      total_uncompressed_size: size,
      total_compressed_size: size,
      data_page_offset: BigInt(first),
      ...(column.dictionary ? { dictionary_page_offset: BigInt(start) } : {}),
      ...column.metadata,
    };
    const index = column.firstRows?.map((row, k) => ({
      ...offsets[k]!,
      first_row_index: BigInt(row),
    }));
    const place = index ? writeIndex(out, index) : {};
    return { file_offset: BigInt(start), meta_data, ...place, ...column.chunk } as ColumnChunk;
  });
  const group = { columns: chunks, total_byte_size: BigInt(out.offset), num_rows: BigInt(rows) };
  writeMetadata(out, {
    version: 1,
    schema: [{ name: 'root', num_children: topLevel }, ...schema],
    num_rows: BigInt(rows),
    row_groups: [group],
    metadata_length: 0,
    ...metadata,
  });
  out.appendBytes(MAGIC);
  return new Uint8Array(out.getBytes());
}

/** The path to a leaf in the flat form of a schema. */
function pathOf(schema: readonly SchemaElement[], leaf: SchemaElement): string[] {
  const open: { name: string; left: number }[] = [];
  for (const element of schema) {
    if (element === leaf) return [...open.map(({ name }) => name), leaf.name];
    if (element.num_children) open.push({ name: element.name, left: element.num_children });
    else {
      while (open.length > 0 && --open.at(-1)!.left === 0) open.pop();
    }
  }
  throw new Error('The leaf is not in the schema');
}

function writeDictionary(
  out: ByteWriter,
  { count, values }: NonNullable<MadeColumn['dictionary']>,
): void {
  serializeTCompactProtocol(out, {
    field_1: 2,
    field_2: values.length,
    field_3: values.length,
    field_7: { field_1: count, field_2: Encodings.indexOf('PLAIN') },
  });
  out.appendBytes(values);
}

function writePage(out: ByteWriter, page: MadePage): void {
  const body = new ByteWriter();
  for (const levels of [page.repetitions, page.definitions]) {
    if (!levels) continue;
    body.appendUint32(levels.length * 2);
    // A run of one for every level.
    for (const level of levels) body.appendBytes(Uint8Array.of(2, level));
  }
  body.appendBytes(page.values);
  const levelEncoding = Encodings.indexOf(page.levelEncoding ?? 'RLE');
  serializeTCompactProtocol(out, {
    field_1: 0,
    field_2: body.offset,
    field_3: body.offset,
    field_5: {
      field_1: page.entries,
      field_2: Encodings.indexOf(page.encoding ?? 'PLAIN'),
      field_3: levelEncoding,
      field_4: levelEncoding,
    },
  });
  out.appendBytes(new Uint8Array(body.getBytes()));
}

function writeIndex(
  out: ByteWriter,
  locations: OffsetIndex['page_locations'],
): { offset_index_offset: bigint; offset_index_length: number } {
  const start = out.offset;
  serializeTCompactProtocol(out, {
    field_1: locations.map((page) => ({
      field_1: page.offset,
      field_2: page.compressed_page_size,
      field_3: page.first_row_index,
    })),
  });
  return { offset_index_offset: BigInt(start), offset_index_length: out.offset - start };
}

/** Values in PLAIN encoding. */
export const plain = {
  int32: (...values: number[]): Uint8Array => new Uint8Array(Int32Array.from(values).buffer),
  int64: (...values: bigint[]): Uint8Array => new Uint8Array(BigInt64Array.from(values).buffer),
  float: (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer),
  double: (...values: number[]): Uint8Array => new Uint8Array(Float64Array.from(values).buffer),
  fixed: (...values: readonly (readonly number[])[]): Uint8Array => Uint8Array.from(values.flat()),
  byteArrays: (...values: readonly (string | readonly number[])[]): Uint8Array => {
    const out = new ByteWriter();
    for (const value of values) {
      const bytes =
        typeof value === 'string' ? new TextEncoder().encode(value) : Uint8Array.from(value);
      out.appendUint32(bytes.length);
      out.appendBytes(bytes);
    }
    return new Uint8Array(out.getBytes());
  },
  /** Indexes 0 to `count` − 1 in bit-packed groups of 8 bits each. */
  indexes: (count: number): Uint8Array => {
    const groups = Math.ceil(count / 8);
    const values = Array.from({ length: groups * 8 }, (_, i) => (i < count ? i : 0));
    return Uint8Array.from([8, (groups << 1) | 1, ...values]);
  },
};
