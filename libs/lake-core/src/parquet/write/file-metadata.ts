import {
  CODECS,
  CONVERTED_TYPES,
  ENCODINGS,
  PAGE_TYPES,
  PHYSICAL_TYPES,
  REPETITIONS,
} from '../format/parquet-codes.ts';
import type { LogicalType, SchemaElement } from '../format/schema-element.ts';
import { ThriftWriter } from '../format/thrift-writer.ts';
import type { IndexedChunk, IndexedRowGroup, WrittenChunk } from './row-group.ts';
import { truncateMax, truncateMin } from './truncate-bound.ts';

export interface FileMetadata {
  readonly schema: SchemaElement;
  readonly rows: number;
  readonly rowGroups: readonly IndexedRowGroup[];
  readonly keyValues: Readonly<Record<string, string>>;
  readonly createdBy: string;
}

/** The footer's Thrift message (`FileMetaData` of parquet.thrift). */
export function encodeFileMetadata(metadata: FileMetadata): Uint8Array {
  const thrift = new ThriftWriter();
  const elements = flatten(metadata.schema);
  thrift.beginElement();
  thrift.i32(1, 1);
  thrift.beginList(2, 'struct', elements.length);
  for (const element of elements) writeSchemaElement(thrift, element);
  thrift.i64(3, metadata.rows);
  thrift.beginList(4, 'struct', metadata.rowGroups.length);
  metadata.rowGroups.forEach((group, ordinal) => writeRowGroup(thrift, group, ordinal));
  const keyValues = Object.entries(metadata.keyValues);
  if (keyValues.length > 0) {
    thrift.beginList(5, 'struct', keyValues.length);
    for (const [key, value] of keyValues) {
      thrift.beginElement();
      thrift.string(1, key);
      thrift.string(2, value);
      thrift.endStruct();
    }
  }
  thrift.string(6, metadata.createdBy);
  const leaves = elements.filter(({ children }) => children.length === 0);
  thrift.beginList(7, 'struct', leaves.length);
  for (let i = 0; i < leaves.length; i++) {
    // Each column's order is that of its type (TypeDefinedOrder).
    thrift.beginElement();
    thrift.emptyStruct(1);
    thrift.endStruct();
  }
  thrift.endStruct();
  return thrift.out.copy();
}

function flatten(element: SchemaElement): SchemaElement[] {
  return [element, ...element.children.flatMap(flatten)];
}

function writeSchemaElement(thrift: ThriftWriter, element: SchemaElement): void {
  thrift.beginElement();
  if (element.physical) thrift.i32(1, PHYSICAL_TYPES[element.physical]);
  if (element.width) thrift.i32(2, element.width);
  if (element.repetition) thrift.i32(3, REPETITIONS[element.repetition]);
  thrift.string(4, element.name);
  if (element.physical === undefined) thrift.i32(5, element.children.length);
  if (element.converted) thrift.i32(6, CONVERTED_TYPES[element.converted]);
  if (element.logical?.type === 'DECIMAL') {
    thrift.i32(7, element.logical.scale);
    thrift.i32(8, element.logical.precision);
  }
  if (element.fieldId !== 0) thrift.i32(9, element.fieldId);
  if (element.logical) writeLogicalType(thrift, element.logical);
  thrift.endStruct();
}

function writeLogicalType(thrift: ThriftWriter, logical: LogicalType): void {
  const empty = { STRING: 1, MAP: 2, LIST: 3, DATE: 6, UUID: 14 } as const;
  thrift.beginStruct(10);
  switch (logical.type) {
    case 'DECIMAL':
      thrift.beginStruct(5);
      thrift.i32(1, logical.scale);
      thrift.i32(2, logical.precision);
      thrift.endStruct();
      break;
    case 'TIME':
    case 'TIMESTAMP':
      thrift.beginStruct(logical.type === 'TIME' ? 7 : 8);
      thrift.bool(1, logical.isAdjustedToUTC);
      // TimeUnit.MICROS
      thrift.beginStruct(2);
      thrift.emptyStruct(2);
      thrift.endStruct();
      thrift.endStruct();
      break;
    case 'INTEGER':
      thrift.beginStruct(10);
      thrift.byte(1, logical.bitWidth);
      thrift.bool(2, true);
      thrift.endStruct();
      break;
    default:
      thrift.emptyStruct(empty[logical.type]);
  }
  thrift.endStruct();
}

function writeRowGroup(thrift: ThriftWriter, group: IndexedRowGroup, ordinal: number): void {
  const sum = (size: 'uncompressedSize' | 'compressedSize'): number =>
    group.chunks.reduce((total, chunk) => total + chunk[size], 0);
  thrift.beginElement();
  thrift.beginList(1, 'struct', group.chunks.length);
  for (const chunk of group.chunks) writeColumnChunk(thrift, chunk);
  thrift.i64(2, sum('uncompressedSize'));
  thrift.i64(3, group.rows);
  const first = group.chunks[0];
  if (first) thrift.i64(5, startOf(first));
  thrift.i64(6, sum('compressedSize'));
  if (ordinal <= 0x7fff) thrift.i16(7, ordinal);
  thrift.endStruct();
}

function startOf(chunk: WrittenChunk): number {
  return chunk.dictionaryOffset === 'none' ? chunk.dataOffset : chunk.dictionaryOffset;
}

function writeColumnChunk(thrift: ThriftWriter, chunk: IndexedChunk): void {
  const { columnIndexAt, offsetIndexAt } = chunk;
  thrift.beginElement();
  // file_offset: deprecated, 0 where the column's metadata stands in the footer only.
  thrift.i64(2, 0);
  thrift.beginStruct(3);
  writeColumnMetadata(thrift, chunk);
  thrift.i64(4, offsetIndexAt.offset);
  thrift.i32(5, offsetIndexAt.length);
  if (columnIndexAt !== 'none') {
    thrift.i64(6, columnIndexAt.offset);
    thrift.i32(7, columnIndexAt.length);
  }
  thrift.endStruct();
}

function writeColumnMetadata(thrift: ThriftWriter, chunk: IndexedChunk): void {
  const { leaf, pageCounts, dictionaryOffset } = chunk;
  const encodings = [...pageCounts.keys(), 'RLE'] as const;
  thrift.i32(1, PHYSICAL_TYPES[leaf.type.physical]);
  thrift.beginList(2, 'i32', encodings.length);
  for (const encoding of encodings) thrift.elementInt(ENCODINGS[encoding]);
  thrift.beginList(3, 'binary', leaf.path.length);
  for (const name of leaf.path) thrift.elementString(name);
  thrift.i32(4, CODECS[chunk.codec]);
  thrift.i64(5, chunk.summary.valueCount);
  thrift.i64(6, chunk.uncompressedSize);
  thrift.i64(7, chunk.compressedSize);
  thrift.i64(9, chunk.dataOffset);
  if (dictionaryOffset !== 'none') thrift.i64(11, dictionaryOffset);
  writeStatistics(thrift, chunk);
  thrift.beginList(13, 'struct', pageCounts.size + (dictionaryOffset === 'none' ? 0 : 1));
  if (dictionaryOffset !== 'none') {
    writePageCount(thrift, [PAGE_TYPES.DICTIONARY_PAGE, ENCODINGS.PLAIN_DICTIONARY, 1]);
  }
  for (const [encoding, count] of pageCounts) {
    writePageCount(thrift, [PAGE_TYPES.DATA_PAGE, ENCODINGS[encoding], count]);
  }
  thrift.endStruct();
}

function writePageCount(thrift: ThriftWriter, values: readonly [number, number, number]): void {
  thrift.beginElement();
  values.forEach((value, i) => thrift.i32(i + 1, value));
  thrift.endStruct();
}

/** A maximum without short upper bound is left out. */
function writeStatistics(thrift: ThriftWriter, { leaf, summary }: WrittenChunk): void {
  const { range } = summary;
  thrift.beginStruct(12);
  thrift.i64(3, summary.nullCount);
  if (range !== 'none') {
    const isText = leaf.type.converted === 'UTF8';
    const isLong = leaf.type.physical === 'BYTE_ARRAY';
    const max = isLong ? truncateMax(range.max, isText) : { bytes: range.max, exact: true };
    const min = isLong ? truncateMin(range.min, isText) : { bytes: range.min, exact: true };
    if (max !== 'none') thrift.binary(5, max.bytes);
    thrift.binary(6, min.bytes);
    if (max !== 'none') thrift.bool(7, max.exact);
    thrift.bool(8, min.exact);
  }
  thrift.endStruct();
}
