import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ByteBuffer } from './byte-buffer.ts';
import { ThriftWriter } from './thrift-writer.ts';

const bytesOf = (write: (thrift: ThriftWriter) => void): number[] => {
  const thrift = new ThriftWriter();
  write(thrift);
  return [...thrift.out.view()];
};

describe('Thrift compact protocol', () => {
  test('integers are written as zigzag varints behind the step of their field id', () => {
    expect(bytesOf((thrift) => (thrift.i32(1, 1), thrift.i32(3, -1)))).toEqual([
      0x15, 0x02, 0x25, 0x01,
    ]);
    expect(bytesOf((thrift) => thrift.i64(2, 300))).toEqual([0x26, 0xd8, 0x04]);
    expect(bytesOf((thrift) => thrift.i16(1, 7))).toEqual([0x14, 14]);
    expect(bytesOf((thrift) => thrift.byte(1, 8))).toEqual([0x13, 8]);
  });

  test('a step of more than 15 writes the field id itself', () => {
    expect(bytesOf((thrift) => thrift.i32(20, 0))).toEqual([0x05, 40, 0]);
  });

  test('a boolean field is its own type, one in a list takes a byte', () => {
    expect(bytesOf((thrift) => (thrift.bool(1, true), thrift.bool(2, false)))).toEqual([
      0x11, 0x12,
    ]);
    const list = bytesOf((thrift) => {
      thrift.beginList(1, 'bool', 2);
      thrift.elementBool(true);
      thrift.elementBool(false);
    });
    expect(list).toEqual([0x19, 0x21, 1, 2]);
  });

  test('field ids begin anew in a struct and go on behind it', () => {
    const bytes = bytesOf((thrift) => {
      thrift.beginElement();
      thrift.beginStruct(4);
      thrift.i32(1, 0);
      thrift.endStruct();
      thrift.emptyStruct(5);
      thrift.string(6, 'é');
      thrift.endStruct();
    });
    expect(bytes).toEqual([0x4c, 0x15, 0, 0, 0x1c, 0, 0x18, 2, 0xc3, 0xa9, 0]);
  });

  test('a list of 15 or more has its size behind its type', () => {
    const bytes = bytesOf((thrift) => {
      thrift.beginList(1, 'i32', 15);
      for (let i = 0; i < 15; i++) thrift.elementInt(0);
    });
    expect(bytes.slice(0, 3)).toEqual([0x19, 0xf5, 15]);
    expect(bytes).toHaveLength(18);
  });

  test('every safe integer comes back from its varint', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (value) => {
        const buffer = new ByteBuffer(1);
        buffer.appendVarint(value);
        const read = [...buffer.view()].reduceRight((sum, byte) => sum * 128 + (byte & 127), 0);
        expect(read).toBe(value);
      }),
    );
  });
});
