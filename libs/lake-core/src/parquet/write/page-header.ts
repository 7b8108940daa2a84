import { crc32 } from 'node:zlib';
import { ENCODINGS, PAGE_TYPES } from '../format/parquet-codes.ts';
import type { PageType } from '../format/parquet-codes.ts';
import { ThriftWriter } from '../format/thrift-writer.ts';
import type { EncodedPage } from './encoded-chunk.ts';

const DATA_PAGE_HEADER = 5;
const DICTIONARY_PAGE_HEADER = 7;

/** The header that stands before a page in the file (`PageHeader` of parquet.thrift). */
export function pageHeader(page: EncodedPage, type: PageType): Uint8Array {
  const thrift = new ThriftWriter();
  thrift.beginElement();
  thrift.i32(1, PAGE_TYPES[type]);
  thrift.i32(2, page.uncompressedSize);
  thrift.i32(3, page.body.length);
  thrift.i32(4, crc32(page.body) | 0);
  thrift.beginStruct(type === 'DATA_PAGE' ? DATA_PAGE_HEADER : DICTIONARY_PAGE_HEADER);
  thrift.i32(1, page.valueCount);
  thrift.i32(2, ENCODINGS[page.encoding]);
  if (type === 'DATA_PAGE') {
    // The encodings of definition and repetition levels.
    thrift.i32(3, ENCODINGS.RLE);
    thrift.i32(4, ENCODINGS.RLE);
  }
  thrift.endStruct();
  thrift.endStruct();
  return thrift.out.copy();
}
