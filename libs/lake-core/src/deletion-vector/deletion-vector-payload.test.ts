import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  DELETION_VECTOR_MAGIC,
  encodeDeletionVectorPayload,
  frameDeletionVectorPayload,
  parseDeletionVectorPayload,
  unframeDeletionVectorPayload,
} from './deletion-vector-payload.ts';
import { DeletionVector } from './deletion-vector.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('deletion vector payload', () => {
  test('begins with the magic number in little-endian order', () => {
    const payload = encodeDeletionVectorPayload(DeletionVector.of([1]));
    expect(Buffer.from(payload).readUInt32LE(0)).toBe(DELETION_VECTOR_MAGIC);
    expect(hex(payload.subarray(0, 4))).toBe('d1d33964');
  });

  test('several frames stand in one file and are found by their offsets', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(100_000)), { minLength: 1, maxLength: 5 }), (sets) => {
        const frames = sets.map((rows) =>
          frameDeletionVectorPayload(encodeDeletionVectorPayload(DeletionVector.of(rows))),
        );
        const file = Buffer.concat([Uint8Array.of(1), ...frames]);
        let offset = 1;
        for (const [i, frame] of frames.entries()) {
          const vector = parseDeletionVectorPayload(unframeDeletionVectorPayload(file, offset));
          expect(vector.equals(DeletionVector.of(sets[i]!))).toBe(true);
          offset += frame.length;
        }
      }),
    );
  });

  test('a changed bit, a cut and a wrong length are refused', () => {
    const frame = frameDeletionVectorPayload(
      encodeDeletionVectorPayload(DeletionVector.of([1, 3, 5, 7, 9])),
    );
    for (let at = 0; at < frame.length; at++) {
      const damaged = frame.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 4;
      expect(() => unframeDeletionVectorPayload(damaged)).toThrow(/damaged/);
      expect(() => unframeDeletionVectorPayload(frame.subarray(0, at))).toThrow(/ends before/);
    }
    expect(() => unframeDeletionVectorPayload(frame, -1)).toThrow(/ends before/);
    expect(() => unframeDeletionVectorPayload(frame, frame.length + 9)).toThrow(/ends before/);
  });

  test('another magic number is named', () => {
    const payload = encodeDeletionVectorPayload(new DeletionVector());
    payload[0] = 0xd0;
    expect(() => parseDeletionVectorPayload(payload)).toThrow(/magic number is 1681511376/);
    expect(() => parseDeletionVectorPayload(payload.subarray(0, 3))).toThrow(
      /shorter than its magic/,
    );
  });
});
