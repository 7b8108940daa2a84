import { readColumnIndex } from 'hyparquet';
import type { ColumnChunk, SchemaElement } from 'hyparquet';
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';
import type { ByteRange } from './file-bytes.ts';

/**
 * What a file says of the values of a leaf in some rows ("Statistics" and "Page Index" of the
 * Parquet format), bounds as the bytes of PLAIN encoding. The deprecated bounds without a defined
 * order are left out.
 */
export interface RawStatistics {
  readonly min: Uint8Array | undefined;
  readonly max: Uint8Array | undefined;
  /** Rows without a value; undefined where it is not known. */
  readonly nulls: number | undefined;
  /** Rows, those without a value among them; undefined where it is not known. */
  readonly count: number | undefined;
}

/** Fields of the encoded structures by their ids. */
interface Thrift {
  readonly [field: `field_${number}`]: unknown;
}

/** The statistics of row groups, which are decoded when the first is asked for. */
export class FooterStatistics {
  readonly #footer: Uint8Array;
  #groups: readonly Thrift[] | undefined;

  /** @param footer the encoded metadata, whole */
  constructor(footer: Uint8Array) {
    this.#footer = footer;
  }

  of(group: number, column: number): RawStatistics | undefined {
    this.#groups ??= decodedGroups(this.#footer);
    const chunks = listOf(this.#groups[group]?.field_1);
    const metadata = structOf(chunks[column]?.field_3);
    const statistics = structOf(metadata?.field_12);
    if (!metadata || !statistics) return undefined;
    return {
      max: bytesOf(statistics.field_5),
      min: bytesOf(statistics.field_6),
      nulls: wholeOf(statistics.field_3),
      count: wholeOf(metadata.field_5),
    };
  }
}

/** Where a chunk's column index is, or undefined where it has none. */
export function columnIndexRange(chunk: ColumnChunk): ByteRange | undefined {
  const start = Number(chunk.column_index_offset ?? 0);
  const length = chunk.column_index_length ?? 0;
  return start > 0 && length > 0 ? { start, end: start + length } : undefined;
}

/** As this type bounds are left as they are. */
const AS_BYTES: SchemaElement = { name: '', type: 'FIXED_LEN_BYTE_ARRAY' };

/** The statistics of each page; undefined where the bytes are no index: nothing depends on it. */
export function parseColumnIndex(bytes: Uint8Array): readonly RawStatistics[] | undefined {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const index = readColumnIndex({ view, offset: 0 }, AS_BYTES);
    return index.null_pages.map((isNull, page) => {
      const nulls = wholeOf(index.null_counts?.[page]);
      const min = bytesOf(index.min_values[page]);
      const max = bytesOf(index.max_values[page]);
      return isNull
        ? { min: undefined, max: undefined, nulls: 1, count: 1 }
        : { min, max, nulls, count: undefined };
    });
  } catch {
    return undefined;
  }
}

function decodedGroups(footer: Uint8Array): readonly Thrift[] {
  const view = new DataView(footer.buffer, footer.byteOffset, footer.byteLength);
  return listOf((deserializeTCompactProtocol({ view, offset: 0 }) as Thrift).field_4);
}

function listOf(value: unknown): readonly Thrift[] {
  return Array.isArray(value) ? (value as readonly Thrift[]) : [];
}

function structOf(value: unknown): Thrift | undefined {
  return typeof value === 'object' && value !== null ? (value as Thrift) : undefined;
}

function bytesOf(value: unknown): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined;
}

function wholeOf(value: unknown): number | undefined {
  return typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined;
}
