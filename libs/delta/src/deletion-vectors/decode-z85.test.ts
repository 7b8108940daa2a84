import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeZ85 } from '../write/z85.ts';
import { decodeZ85 } from './decode-z85.ts';

describe('Z85', () => {
  it('D21: decodes the example of its specification', () => {
    expect(Buffer.from(decodeZ85('HelloWorld')).toString('hex')).toBe('864fd26fb559f75b');
  });

  it('D21: decodes what was encoded', () => {
    const bytes = fc.uint8Array({ maxLength: 40 }).filter(({ length }) => length % 4 === 0);
    fc.assert(
      fc.property(bytes, (written) => {
        expect(decodeZ85(encodeZ85(written))).toEqual(written);
      }),
    );
  });

  it('takes a group above 32 bits modulo 2^32, as Spark does', () => {
    expect(Buffer.from(decodeZ85('##093')).toString('hex')).toBe('086eb2d8');
  });

  it.each(['abcd', 'ab"cd', '\u0100bcde'])('refuses %j', (text) => {
    expect(() => decodeZ85(text)).toThrow(SyntaxError);
  });
});
