import { decimalWidth } from '@cdc-demo/cdc-core';
import type { Column, FixedBytesColumn, Int32Column, Int64Column } from '@cdc-demo/cdc-core';
import { digitOf, isText, MINUS, POINT } from './ascii-reader.ts';
import { columnCodec } from './column-codec.ts';
import type { ColumnCodec } from './column-codec.ts';
import { appendSafeInteger } from './integer.ts';
import { checkNumeric, NUMERIC_HEADER, NUMERIC_NEGATIVE, specialName } from './numeric-wire.ts';
import { powerOfTen, WideInteger } from './wide-integer.ts';
import { MalformedValue } from './wire-value.ts';
import type { WireValue } from './wire-value.ts';

const SAFE_DIGITS = 15;
const MAX_PRECISION = 38;
const SPECIAL_TEXTS = ['NaN', 'Infinity', '-Infinity'];
const LETTERS = 65;
const TOO_MANY_DIGITS = 'it has more digits than the column declares';

/**
 * `numeric` as an unscaled integer of `precision` digits (1 to 38) at `scale`. Out of range are
 * NaN, the infinities and numbers with more digits than that; nothing is rounded.
 */
export function decimalCodec(precision: number, scale: number): ColumnCodec {
  const decimal = new Decimal(precision, scale);
  return columnCodec(
    { kind: 'decimal', precision, scale },
    {
      binary: (value, column) => {
        decimal.readBinary(value, column);
      },
      text: (value, column) => {
        decimal.readText(value, column);
      },
    },
  );
}

/** The unscaled integer of one decimal type; as a number while 15 digits do, in words beyond. */
class Decimal {
  readonly #precision: number;
  readonly #scale: number;
  /** Groups of four digits behind the point that count whole, and the digits left over. */
  readonly #wholeGroups: number;
  readonly #restFactor: number;
  readonly #restDivisor: number;
  readonly #limit: WideInteger;
  readonly #safeLimit: number;
  readonly #wide = new WideInteger();
  readonly #bytes: Uint8Array;

  constructor(precision: number, scale: number) {
    this.#precision = precision;
    this.#scale = scale;
    this.#wholeGroups = Math.floor(scale / 4);
    this.#restFactor = 10 ** (scale % 4);
    this.#restDivisor = 10 ** (4 - (scale % 4));
    this.#limit = powerOfTen(precision);
    this.#safeLimit = 10 ** precision;
    this.#bytes = new Uint8Array(decimalWidth(precision));
  }

  readBinary(value: WireValue, column: Column): void {
    checkNumeric(value);
    const { view, start } = value;
    const weight = view.getInt16(start + 2);
    const sign = view.getUint16(start + 4);
    const special = specialName(sign);
    if (special !== undefined) {
      value.reject(column, `it is ${special}`);
      return;
    }
    const isNegative = sign === NUMERIC_NEGATIVE;
    const digits = (Math.max(weight, -1) + 1) * 4 + this.#scale;
    if (digits <= SAFE_DIGITS) {
      const unscaled = this.#safeUnscaled(value);
      if (unscaled < 0 || unscaled >= this.#safeLimit) value.reject(column, TOO_MANY_DIGITS);
      else this.#append(column, isNegative ? -unscaled : unscaled);
    } else if (digits <= MAX_PRECISION + 4 && this.#wideUnscaled(value)) {
      this.#appendWide(value, column, isNegative);
    } else {
      value.reject(column, TOO_MANY_DIGITS);
    }
  }

  readText(value: WireValue, column: Column): void {
    const special = specialText(value);
    if (special !== undefined) {
      value.reject(column, `it is ${special}`);
      return;
    }
    const isNegative = value.bytes[value.start] === MINUS;
    if (isNegative) value.start++;
    const length = value.end - value.start;
    if (length + this.#scale <= SAFE_DIGITS) {
      const unscaled = this.#safeFromText(value);
      if (unscaled < 0 || unscaled >= this.#safeLimit) value.reject(column, TOO_MANY_DIGITS);
      else this.#append(column, isNegative ? -unscaled : unscaled);
    } else if (this.#wideFromText(value)) this.#appendWide(value, column, isNegative);
    else value.reject(column, TOO_MANY_DIGITS);
  }

  /** The magnitude of a value of few digits, or -1 when it has more behind the point than fit. */
  #safeUnscaled(value: WireValue): number {
    const { view, start, end } = value;
    const weight = view.getInt16(start + 2);
    let at = start + NUMERIC_HEADER;
    let unscaled = 0;
    let exponent = weight;
    for (; exponent >= -this.#wholeGroups; exponent--) {
      unscaled *= 10000;
      if (at < end) unscaled += view.getInt16(at);
      at += 2;
    }
    const rest = this.#restGroup(value, exponent);
    return rest < 0 ? -1 : unscaled * this.#restFactor + rest;
  }

  /** The magnitude into `#wide`; false when it has more digits behind the point than fit. */
  #wideUnscaled(value: WireValue): boolean {
    const { view, start, end } = value;
    const weight = view.getInt16(start + 2);
    const wide = this.#wide.clear();
    let at = start + NUMERIC_HEADER;
    let exponent = weight;
    for (; exponent >= -this.#wholeGroups; exponent--) {
      wide.multiplyAdd(10000, at < end ? view.getInt16(at) : 0);
      at += 2;
    }
    const rest = this.#restGroup(value, exponent);
    if (rest < 0) return false;
    wide.multiplyAdd(this.#restFactor, rest);
    return true;
  }

  /**
   * The digits that count of the group behind the last whole one, or -1 when digits follow that
   * do not count and are not 0. `exponent` is the place of the first group not read yet.
   */
  #restGroup(value: WireValue, exponent: number): number {
    const { view, start, end } = value;
    let at = start + NUMERIC_HEADER + (view.getInt16(start + 2) - exponent) * 2;
    let rest = 0;
    if (exponent === -this.#wholeGroups - 1) {
      const group = at < end ? view.getInt16(at) : 0;
      rest = Math.floor(group / this.#restDivisor);
      if (rest * this.#restDivisor !== group) return -1;
      at += 2;
    }
    for (; at < end; at += 2) if (view.getInt16(at) !== 0) return -1;
    return rest;
  }

  /** The magnitude of a short decimal text, or -1 when too many digits stand behind the point. */
  #safeFromText(value: WireValue): number {
    const { bytes, start, end } = value;
    const scale = this.#scale;
    let unscaled = 0;
    let behindPoint = -1;
    for (let at = start; at < end; at++) {
      const digit = digitOf(bytes[at]);
      if (digit < 0) {
        if (bytes[at] !== POINT || behindPoint >= 0) throw notDecimal();
        behindPoint = 0;
      } else if (behindPoint < scale) {
        unscaled = unscaled * 10 + digit;
        if (behindPoint >= 0) behindPoint++;
      } else if (digit !== 0) return -1;
    }
    if (start === end) throw notDecimal();
    for (let i = Math.max(behindPoint, 0); i < scale; i++) unscaled *= 10;
    return unscaled;
  }

  /** The magnitude of a plain decimal text into `#wide`; false when too many digits follow. */
  #wideFromText(value: WireValue): boolean {
    const { bytes, end } = value;
    const wide = this.#wide.clear();
    let behindPoint = -1;
    for (let at = value.start; at < end; at++) {
      const code = bytes[at];
      const digit = digitOf(code);
      if (digit >= 0) {
        if (behindPoint >= 0 && behindPoint++ >= this.#scale) {
          if (digit !== 0) return false;
        } else wide.multiplyAdd(10, digit);
      } else if (code === POINT && behindPoint < 0) behindPoint = 0;
      else throw notDecimal();
    }
    if (value.start === end) throw notDecimal();
    for (let i = Math.max(behindPoint, 0); i < this.#scale; i++) wide.multiplyAdd(10, 0);
    return true;
  }

  #append(column: Column, unscaled: number): void {
    if (this.#precision <= 9) (column as Int32Column).append(unscaled);
    else if (this.#precision <= 18) appendSafeInteger(column as Int64Column, unscaled);
    else this.#appendSafeBytes(column as FixedBytesColumn, unscaled);
  }

  #appendSafeBytes(column: FixedBytesColumn, unscaled: number): void {
    const bytes = this.#bytes;
    let rest = unscaled;
    for (let i = bytes.length - 1; i >= 0; i--) {
      const next = Math.floor(rest / 256);
      bytes[i] = rest - next * 256;
      rest = next;
    }
    column.append(bytes, 0);
  }

  #appendWide(value: WireValue, column: Column, isNegative: boolean): void {
    const wide = this.#wide;
    if (wide.overflowed || !wide.isBelow(this.#limit)) {
      value.reject(column, TOO_MANY_DIGITS);
      return;
    }
    if (isNegative) wide.negate();
    if (this.#precision <= 9) (column as Int32Column).append(wide.low);
    else if (this.#precision <= 18) (column as Int64Column).append(wide.low, wide.high);
    else {
      wide.writeTo(this.#bytes);
      (column as FixedBytesColumn).append(this.#bytes, 0);
    }
  }
}

/** NaN and the infinities, whose last character alone is a letter. */
function specialText(value: WireValue): string | undefined {
  if ((value.bytes[value.end - 1] ?? 0) < LETTERS) return undefined;
  return SPECIAL_TEXTS.find((name) => isText(value, name));
}

function notDecimal(): MalformedValue {
  return new MalformedValue('expected a decimal number');
}
