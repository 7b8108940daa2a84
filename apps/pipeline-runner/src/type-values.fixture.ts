export const below = (random: () => number, limit: number): number => Math.floor(random() * limit);
export const digits = (random: () => number, count: number): string =>
  Array.from({ length: 1 + below(random, count) }, () => below(random, 10)).join('');
export const sign = (random: () => number): string => (random() < 0.5 ? '-' : '');
const bits64 = (random: () => number): bigint =>
  (BigInt(below(random, 2 ** 32)) << 32n) | BigInt(below(random, 2 ** 32));
export const integer =
  (bits: number) =>
  (random: () => number): string =>
    String(BigInt.asIntN(bits, bits64(random) >> BigInt(below(random, bits))));
export const decimal =
  (precision: number, scale: number) =>
  (random: () => number): string =>
    `${sign(random)}${digits(random, precision)}e${-scale}`;
export const hex = (random: () => number, bytes: number): string =>
  Array.from({ length: bytes }, () => below(random, 256).toString(16).padStart(2, '0')).join('');
const LETTERS = [
  'a',
  'Z',
  ' ',
  '"',
  '\\',
  ',',
  '{',
  '}',
  '\n',
  'ß',
  '世',
  '\u{1F600}',
  '\u0301',
  '\u2028',
];
export const text = (random: () => number): string =>
  Array.from({ length: below(random, 20) }, () => LETTERS[below(random, LETTERS.length)]).join('');
const DAYS = 3_652_059;
const MS_PER_DAY = 86_400_000;
const FIRST_DAY_MS = Date.parse('0001-01-01T00:00:00Z');
export const day = (random: () => number): string =>
  new Date(FIRST_DAY_MS + below(random, DAYS) * MS_PER_DAY).toISOString().slice(0, 10);
const pad = (value: number, width: number): string => String(value).padStart(width, '0');
export const time = (random: () => number): string => {
  const parts = [24, 60, 60].map((limit) => pad(below(random, limit), 2)).join(':');
  return `${parts}.${pad(below(random, 1_000_000), 6)}`;
};
export const json = (random: () => number): string =>
  JSON.stringify({ [text(random)]: [random(), null, { b: text(random) }], a: below(random, 1e9) });
const quote = (value: string): string => `"${value.replaceAll(/["\\]/g, '\\$&')}"`;
export const list =
  (element: (random: () => number) => string) =>
  (random: () => number): string => {
    const elements = Array.from({ length: below(random, 5) }, () =>
      random() < 0.2 ? 'NULL' : quote(element(random)),
    );
    return `{${elements.join(',')}}`;
  };
