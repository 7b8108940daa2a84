const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?$/;

/** `12345n` at scale 2 is `123.45`. */
export function formatDecimal(unscaled: bigint, scale: number): string {
  if (scale === 0) return unscaled.toString();
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0');
  const point = digits.length - scale;
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/**
 * The unscaled value of a plain decimal text at `scale`, or undefined when the text is no plain
 * decimal
 * or has more digits behind the point than `scale` (zeros excepted).
 */
export function parseDecimal(text: string, scale: number): bigint | undefined {
  const match = DECIMAL.exec(text);
  if (!match) return undefined;
  const [, sign = '', whole = '', given = ''] = match;
  const fraction = given.replace(/0+$/, '');
  if (whole + given === '' || fraction.length > scale) return undefined;
  const unscaled = BigInt(whole + fraction.padEnd(scale, '0') || '0');
  return sign === '-' ? -unscaled : unscaled;
}

/** Big-endian two's complement to bigint; empty bytes are 0. */
export function bytesToBigInt(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return BigInt.asIntN(bytes.length * 8, value);
}

/**
 * Big-endian two's complement of exactly `width` bytes.
 * @throws RangeError when the value needs more.
 */
export function bigIntToBytes(value: bigint, width: number): Uint8Array {
  if (BigInt.asIntN(width * 8, value) !== value) {
    throw new RangeError(`The value does not fit ${String(width)} bytes`);
  }
  const bytes = new Uint8Array(width);
  let rest = BigInt.asUintN(width * 8, value);
  for (let i = width - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** Bytes that hold every decimal of `precision` digits in two's complement (Parquet, DECIMAL). */
export function decimalWidth(precision: number): number {
  const largest = 10n ** BigInt(precision) - 1n;
  let width = 1;
  while (BigInt.asIntN(width * 8, largest) !== largest) width++;
  return width;
}
