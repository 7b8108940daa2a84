import { randomUUID } from 'node:crypto';
import { parse } from 'lossless-json';

/** JSON whose integers are exact: those beyond ±(2^53 − 1) are bigint. */
export type ExactJson =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly ExactJson[]
  | { readonly [name: string]: ExactJson };

export type ExactJsonObject = Readonly<Record<string, ExactJson>>;

/** Digits outside of any string that a number may not hold; inside a string it costs time only. */
const LONG_NUMBER = /[:[,]\s*-?\d[\d.]{14,}/;
const INTEGER = /^-?\d+$/;
/** Begins a string that stands for an integer; no other string has it. */
const MARK = randomUUID();
const MARKED = new RegExp(`"${MARK}(-?\\d+)"`, 'g');

/** @throws SyntaxError when `text` is not JSON */
export function parseExactJson(text: string): ExactJson {
  return LONG_NUMBER.test(text)
    ? (parse(text, undefined, exactInteger) as ExactJson)
    : (JSON.parse(text) as ExactJson);
}

/**
 * As `parseExactJson`, but a number of more than 15 digits, which a double may not hold, is the
 * string of its text.
 * @throws SyntaxError when `text` is not JSON
 */
export function parseLongNumbersAsText(text: string): ExactJson {
  return LONG_NUMBER.test(text)
    ? (parse(text, undefined, textOfLong) as ExactJson)
    : (JSON.parse(text) as ExactJson);
}

function textOfLong(text: string): number | string {
  return text.replace(/\D/g, '').length > 15 ? text : Number(text);
}

/** Compact JSON; bigint as number, undefined left out. */
export function formatExactJson(value: object): string {
  const text = JSON.stringify(value, (_name, item: unknown) =>
    typeof item === 'bigint' ? `${MARK}${item}` : item,
  );
  return text.includes(MARK) ? text.replaceAll(MARKED, '$1') : text;
}

export function isJsonObject(value: ExactJson | undefined): value is ExactJsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function exactInteger(text: string): number | bigint {
  const value = Number(text);
  return INTEGER.test(text) && !Number.isSafeInteger(value) ? BigInt(text) : value;
}
