import { expect, test } from '@jest/globals';
import { bytesToBigInt } from '@cdc-demo/cdc-core';
import fc from 'fast-check';
import { powerOfTen, WideInteger } from './wide-integer.ts';

const steps = fc.array(fc.tuple(fc.nat(0xfffff), fc.nat(0xfffff)), { maxLength: 9 });

function built(all: readonly (readonly [number, number])[]): [WideInteger, bigint] {
  const wide = new WideInteger();
  let value = 0n;
  for (const [factor, addend] of all) {
    wide.multiplyAdd(factor, addend);
    value = value * BigInt(factor) + BigInt(addend);
  }
  return [wide, value];
}

test('it is the integer it was built from, or says that it outgrew 128 bits', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const [wide, value] = built(all);
      expect(wide.overflowed).toBe(value >= 2n ** 128n);
      const bytes = new Uint8Array(16);
      wide.writeTo(bytes);
      if (!wide.overflowed) expect(BigInt.asUintN(128, bytesToBigInt(bytes))).toBe(value);
      expect(wide.low).toBe(Number(BigInt.asIntN(32, value)));
      expect(wide.high).toBe(Number(BigInt.asIntN(32, value >> 32n)));
    }),
  );
});

test('negated it is the two’s complement, in as many bytes as are asked for', () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 16 }), (all, width) => {
      const [wide, value] = built(all);
      fc.pre(!wide.overflowed);
      wide.negate();
      const bytes = new Uint8Array(width);
      wide.writeTo(bytes);
      expect(bytesToBigInt(bytes)).toBe(BigInt.asIntN(width * 8, -value));
    }),
  );
});

test('it is ordered as integers are', () => {
  fc.assert(
    fc.property(steps, steps, (a, b) => {
      const [wideA, valueA] = built(a);
      const [wideB, valueB] = built(b);
      fc.pre(!wideA.overflowed && !wideB.overflowed);
      expect(wideA.isBelow(wideB)).toBe(valueA < valueB);
    }),
  );
  expect(powerOfTen(37).isBelow(powerOfTen(38))).toBe(true);
});

test('cleared it starts again', () => {
  const wide = powerOfTen(38);
  for (let i = 0; i < 9; i++) wide.multiplyAdd(10, 0);
  expect(wide.overflowed).toBe(true);
  expect([wide.clear().overflowed, wide.low, wide.high]).toEqual([false, 0, 0]);
});
