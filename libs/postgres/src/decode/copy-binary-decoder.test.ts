import { describe, expect, test } from '@jest/globals';
import { isCdcError } from '@cdc-demo/cdc-core';
import fc from 'fast-check';
import { CopyBinaryDecoder } from './copy-binary-decoder.ts';
import type { CopyBinaryOptions } from './copy-binary-decoder.ts';
import { concat, copyHeader, copyStream, int, tableOf, utf8 } from './message.fixture.ts';
import type { Bytes } from './message.fixture.ts';

const TABLE = tableOf([
  { name: 'id', typeOid: 23, isKey: true },
  { name: 'note', typeOid: 25 },
  { name: 'day', typeOid: 1082 },
]);
const INFINITY = int(4, 0x7fffffff);

function decoded(stream: Bytes, options: CopyBinaryOptions = {}): CopyBinaryDecoder {
  const decoder = new CopyBinaryDecoder(TABLE, options);
  decoder.push(stream);
  decoder.finish();
  return decoder;
}

describe('binary COPY', () => {
  test('rows are the same however the stream is cut', () => {
    const values = fc.tuple(fc.integer(), fc.option(fc.string({ maxLength: 300 })), fc.nat(9000));
    const rows = fc.array(values, { maxLength: 12 });
    const cuts = fc.array(fc.nat(120), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(rows, cuts, (given, lengths) => {
        const stream = copyStream(
          given.map(([id, note, day]) => [
            int(4, id),
            note === null ? null : utf8(note),
            int(4, day),
          ]),
        );
        const decoder = new CopyBinaryDecoder(TABLE, { capacity: 1 });
        let at = 0;
        for (let i = 0; at < stream.length; i++) {
          const length = lengths[i % lengths.length]! + (i >= lengths.length ? 1 : 0);
          const piece = stream.slice(at, at + length);
          decoder.push(piece);
          piece.fill(0xaa);
          at += length;
        }
        decoder.finish();
        const batch = decoder.take();
        expect(Array.from({ length: batch.length }, (_, i) => batch.row(i))).toEqual(
          given.map(([id, note, day]) => [id, note, day + 10957]),
        );
      }),
    );
  });

  test('take gives the rows since the last take', () => {
    const decoder = new CopyBinaryDecoder(TABLE);
    const stream = copyStream([1, 2].map((id) => [int(4, id), null, null]));
    const end = copyHeader().length + 18;
    decoder.push(stream, 0, end);
    expect(decoder.rows).toBe(1);
    expect(decoder.take().row(0)).toEqual([1, null, null]);
    decoder.push(stream, end);
    expect(decoder.take().row(0)).toEqual([2, null, null]);
    expect(decoder.rows).toBe(0);
    decoder.finish();
  });

  test('a large value in small pieces does not keep its buffer', () => {
    const long = new Uint8Array(3 << 20).fill(120);
    const row = [int(4, 1), long, null];
    const stream = copyStream([row]);
    const decoder = new CopyBinaryDecoder(TABLE);
    for (let at = 0; at < stream.length; at += 65536) {
      decoder.push(stream, at, Math.min(stream.length, at + 65536));
    }
    decoder.finish();
    expect(decoder.take().columns[1]!.value(0)).toBe('x'.repeat(3 << 20));
  });

  test('a header with an extension is read over it', () => {
    const rest = copyStream([[int(4, 7), null, null]]).subarray(copyHeader().length);
    const header = concat(copyHeader().subarray(0, -4), int(4, 3), [1, 2, 3]);
    expect(decoded(concat(header, rest)).take().row(0)).toEqual([7, null, null]);
  });

  test('values out of range become NULL and are counted once when asked for', () => {
    const stream = copyStream([[int(4, 1), utf8('x'), INFINITY]]);
    for (let cut = 0; cut < stream.length; cut++) {
      const decoder = new CopyBinaryDecoder(TABLE, { outOfRange: 'null' });
      decoder.push(stream, 0, cut);
      decoder.push(stream, cut);
      expect(decoder.nulled).toBe(1);
      expect(decoder.take().row(0)).toEqual([1, 'x', null]);
    }
  });

  test('values out of range stop otherwise', () => {
    expect(() => decoded(copyStream([[int(4, 1), null, INFINITY]]))).toThrow(
      expect.objectContaining({
        code: 'postgres/value-out-of-range',
        context: { table: 'public.t', column: 'day' },
      }),
    );
  });

  test('a NULL in the key stops', () => {
    expect(() => decoded(copyStream([[null, null, null]]))).toThrow(
      expect.objectContaining({ code: 'postgres/schema-change-unsupported' }),
    );
  });

  const header = copyHeader();
  const wrong: readonly [string, Bytes, number][] = [
    ['not the signature', utf8('PGCOPX\n') as Bytes, 0],
    ['flags', concat(header.subarray(0, 11), int(4, 1 << 16), int(4, 0)), 0],
    ['impossible length', concat(header.subarray(0, 15), int(4, -1)), 0],
    ['other columns', concat(header, int(2, 4)), 19],
    ['negative length', concat(header, int(2, 3), int(4, -2)), 19],
    ['impossible length', concat(header, int(2, 3), int(4, 0x40000000)), 19],
    ['expected 4 bytes', concat(header, int(2, 3), int(4, 2), int(2, 1)), 25],
    ['bytes behind the trailer', concat(copyStream([]), [0]), 21],
    ['without its trailer', header, 19],
    ['without its trailer', concat(header, int(2, 3)), 19],
  ];

  test.each(wrong)('%s is refused with its offset', (reason, stream, offset) => {
    expect(() => decoded(stream)).toThrow(
      expect.objectContaining({
        code: 'postgres/malformed-message',
        message: expect.stringContaining(reason),
        context: { message: 'COPY', offset },
      }),
    );
  });

  test('whatever is changed in a stream, only errors of our own come of it', () => {
    const stream = copyStream([
      [int(4, 1), utf8('a note'), int(4, 5)],
      [int(4, 2), null, INFINITY],
    ]);
    const change = fc.record({ at: fc.nat(stream.length - 1), byte: fc.nat(255) });
    fc.assert(
      fc.property(change, fc.nat(stream.length), ({ at, byte }, cut) => {
        const copy = stream.slice();
        copy[at] = byte;
        try {
          const decoder = new CopyBinaryDecoder(TABLE, { outOfRange: 'null' });
          decoder.push(copy, 0, cut);
          decoder.push(copy, cut);
          decoder.finish();
          return true;
        } catch (error) {
          return isCdcError(error);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
