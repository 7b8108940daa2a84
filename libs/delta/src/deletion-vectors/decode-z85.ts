const ALPHABET =
  '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

const VALUES = new Int8Array(128).fill(-1);
for (let i = 0; i < ALPHABET.length; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

/**
 * Bytes of Z85 text (ZeroMQ RFC 32), four for each five characters.
 * @throws SyntaxError when `text` is no Z85
 */
export function decodeZ85(text: string): Uint8Array {
  if (text.length % 5 !== 0) throw new SyntaxError('Z85 text comes in groups of five characters');
  const bytes = new Uint8Array((text.length / 5) * 4);
  const view = new DataView(bytes.buffer);
  for (let group = 0; group * 5 < text.length; group++) {
    let value = 0;
    for (let i = 0; i < 5; i++) {
      const digit = VALUES[text.charCodeAt(group * 5 + i)] ?? -1;
      if (digit < 0) throw new SyntaxError('Z85 text has a character that is not in its alphabet');
      value = value * 85 + digit;
    }
    // Modulo 2^32: Spark reads groups above it so, and tables with such groups exist.
    view.setUint32(group * 4, value);
  }
  return bytes;
}
