/**
 * The names of the Parquet format and their numbers in its Thrift definition (parquet.thrift).
 */
export const PHYSICAL_TYPES = {
  BOOLEAN: 0,
  INT32: 1,
  INT64: 2,
  FLOAT: 4,
  DOUBLE: 5,
  BYTE_ARRAY: 6,
  FIXED_LEN_BYTE_ARRAY: 7,
} as const;
export type PhysicalType = keyof typeof PHYSICAL_TYPES;

export const REPETITIONS = { REQUIRED: 0, OPTIONAL: 1, REPEATED: 2 } as const;
export type Repetition = keyof typeof REPETITIONS;

export const CONVERTED_TYPES = {
  UTF8: 0,
  MAP: 1,
  LIST: 3,
  DECIMAL: 5,
  DATE: 6,
  TIME_MICROS: 8,
  TIMESTAMP_MICROS: 10,
  INT_8: 15,
  INT_16: 16,
} as const;
export type ConvertedType = keyof typeof CONVERTED_TYPES;

export const ENCODINGS = { PLAIN: 0, PLAIN_DICTIONARY: 2, RLE: 3 } as const;
export type Encoding = keyof typeof ENCODINGS;

export const PAGE_TYPES = { DATA_PAGE: 0, DICTIONARY_PAGE: 2 } as const;
export type PageType = keyof typeof PAGE_TYPES;

export const CODECS = { UNCOMPRESSED: 0, SNAPPY: 1, ZSTD: 6 } as const;
export type Codec = keyof typeof CODECS;

export const BOUNDARY_ORDERS = { UNORDERED: 0, ASCENDING: 1, DESCENDING: 2 } as const;
export type BoundaryOrder = keyof typeof BOUNDARY_ORDERS;

/** The four bytes at both ends of a file. */
export const MAGIC: Uint8Array = Uint8Array.of(0x50, 0x41, 0x52, 0x31);
