import type { LeafColumn } from '../format/leaf-column.ts';
import type { Codec, Encoding } from '../format/parquet-codes.ts';
import type { ValueRange } from './value-range.ts';
import type { ValueSummary } from './value-totals.ts';

/** A compressed page that has no place in the file yet. */
export interface EncodedPage {
  readonly encoding: Encoding;
  readonly valueCount: number;
  readonly uncompressedSize: number;
  readonly body: Uint8Array;
}

export interface EncodedDataPage extends EncodedPage {
  readonly rowCount: number;
  readonly nullCount: number;
  /** Bounds for the column index, shortened if long; 'none' when every value is null or NaN. */
  readonly bounds: ValueRange | 'none';
}

/** The pages of one leaf in one row group. */
export interface EncodedChunk {
  readonly leaf: LeafColumn;
  readonly codec: Codec;
  readonly dictionary: EncodedPage | 'none';
  readonly pages: readonly EncodedDataPage[];
  readonly summary: ValueSummary;
}
