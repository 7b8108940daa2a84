import { BOUNDARY_ORDERS } from '../format/parquet-codes.ts';
import type { BoundaryOrder } from '../format/parquet-codes.ts';
import { ThriftWriter } from '../format/thrift-writer.ts';
import type { EncodedDataPage } from './encoded-chunk.ts';
import { compareValues } from './value-range.ts';
import type { ValueOrder, ValueRange } from './value-range.ts';

const NO_BYTES = new Uint8Array(0);

/** Where a data page lies, its header included. */
export interface PageLocation {
  readonly offset: number;
  readonly size: number;
}

/** Where each page lies and which rows it holds (`OffsetIndex` of parquet.thrift). */
export function offsetIndex(
  pages: readonly EncodedDataPage[],
  locations: readonly PageLocation[],
): Uint8Array {
  const thrift = new ThriftWriter();
  thrift.beginElement();
  thrift.beginList(1, 'struct', locations.length);
  let firstRow = 0;
  locations.forEach(({ offset, size }, i) => {
    thrift.beginElement();
    thrift.i64(1, offset);
    thrift.i32(2, size);
    thrift.i64(3, firstRow);
    thrift.endStruct();
    firstRow += pages[i]?.rowCount ?? 0;
  });
  thrift.endStruct();
  return thrift.out.copy();
}

/**
 * Bounds and nulls of each page (`ColumnIndex` of parquet.thrift), or 'none' for a chunk with a
 * page of nothing but NaN, since the format has no bounds for such a page.
 */
export function columnIndex(
  pages: readonly EncodedDataPage[],
  order: ValueOrder,
): Uint8Array | 'none' {
  const ranges: (ValueRange | 'null page')[] = [];
  for (const { bounds, nullCount, valueCount } of pages) {
    if (bounds !== 'none') ranges.push(bounds);
    else if (nullCount === valueCount) ranges.push('null page');
    else return 'none';
  }
  const thrift = new ThriftWriter();
  thrift.beginElement();
  thrift.beginList(1, 'bool', pages.length);
  for (const range of ranges) thrift.elementBool(range === 'null page');
  thrift.beginList(2, 'binary', pages.length);
  for (const range of ranges) {
    thrift.elementBinary(range === 'null page' ? NO_BYTES : range.min);
  }
  thrift.beginList(3, 'binary', pages.length);
  for (const range of ranges) {
    thrift.elementBinary(range === 'null page' ? NO_BYTES : range.max);
  }
  thrift.i32(4, BOUNDARY_ORDERS[boundaryOrder(ranges, order)]);
  thrift.beginList(5, 'i64', pages.length);
  for (const { nullCount } of pages) thrift.elementInt(nullCount);
  thrift.endStruct();
  return thrift.out.copy();
}

/** Do both bounds rise, or both fall, from page to page? Null pages do not count. */
function boundaryOrder(
  ranges: readonly (ValueRange | 'null page')[],
  order: ValueOrder,
): BoundaryOrder {
  let ascending = true;
  let descending = true;
  let previous: ValueRange | 'none' = 'none';
  for (const range of ranges) {
    if (range === 'null page') continue;
    if (previous !== 'none') {
      const min = compareValues(order, previous.min, range.min);
      const max = compareValues(order, previous.max, range.max);
      ascending &&= min <= 0 && max <= 0;
      descending &&= min >= 0 && max >= 0;
    }
    previous = range;
  }
  if (ascending) return 'ASCENDING';
  return descending ? 'DESCENDING' : 'UNORDERED';
}
