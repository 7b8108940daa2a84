import fc from 'fast-check';

export const digits = (count: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** BigInt(count) - 1n }))
    .map(([isNegative, value]) => `${isNegative ? '-' : ''}${value}`);

/** A decimal text of up to `precision` digits, `scale` of them behind the point. */
export const decimal = (precision: number, scale: number): fc.Arbitrary<string> =>
  fc
    .oneof(
      digits(precision),
      fc.integer({ min: 1, max: precision }).chain((count) => digits(count)),
    )
    .map((text) => `${text}e${-scale}`);

export const integer = (bits: number): fc.Arbitrary<string> =>
  fc
    .oneof(
      fc.bigInt({ min: -(2n ** BigInt(bits - 1)), max: 2n ** BigInt(bits - 1) - 1n }),
      fc.bigInt({ min: -100n, max: 100n }),
    )
    .map(String);

export const unsigned = (bits: number): fc.Arbitrary<string> =>
  fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }).map(String);

export const text = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .oneof(
      fc.string({ unit: 'grapheme', maxLength }),
      fc.string({ unit: fc.constantFrom('"', '\\', '{', '}', ',', '(', ')', ' ', 'N'), maxLength }),
    )
    .filter((value) => !value.includes('\0'));

export const json = fc.json({ maxDepth: 2 }).filter((value) => !value.includes('\\u0000'));
export const hex = (bytes: number): fc.Arbitrary<string> =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((b) => Buffer.from(b).toString('hex'));
const pad = (value: number, width: number): string => String(value).padStart(width, '0');

export const day = fc
  .date({
    min: new Date('0001-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59Z'),
    noInvalidDate: true,
  })
  .map((value) => value.toISOString().slice(0, 10));
export const micros = fc.oneof(
  fc.constant(''),
  fc.integer({ min: 0, max: 999999 }).map((us) => `.${pad(us, 6)}`),
);
export const clock = fc
  .tuple(fc.integer({ min: 0, max: 86399 }), micros)
  .map(
    ([s, us]) =>
      `${pad(Math.floor(s / 3600), 2)}:${pad(Math.floor(s / 60) % 60, 2)}:${pad(s % 60, 2)}${us}`,
  );
export const zone = fc
  .tuple(fc.constantFrom('+', '-'), fc.integer({ min: 0, max: 15 * 3600 }))
  .map(
    ([sign, s]) =>
      `${sign}${pad(Math.floor(s / 3600), 2)}:${pad(Math.floor(s / 60) % 60, 2)}:${pad(s % 60, 2)}`,
  );
export const timestamp = fc.tuple(day, clock).map(([date, time]) => `${date} ${time}`);
export const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((b) => b.join('.'));
const group = fc.oneof(fc.constant(0), fc.constant(0xffff), fc.integer({ min: 0, max: 0xffff }));
export const ipv6 = fc
  .array(group, { minLength: 8, maxLength: 8 })
  .map((g) => g.map((w) => w.toString(16)).join(':'));
export const bits = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom('0', '1'), minLength, maxLength });
export const hexWord = unsigned(32).map((word) => Number(word).toString(16).toUpperCase());

export const quote = (value: string): string => `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
export const arrayOf = (element: fc.Arbitrary<string>, delimiter = ','): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof({ weight: 4, arbitrary: element.map(quote) }, fc.constant('NULL')), {
      maxLength: 5,
    })
    .map((elements) => `{${elements.join(delimiter)}}`);
