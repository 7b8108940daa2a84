import type { Encoding } from 'hyparquet';
import { deltaBinaryUnpack, deltaByteArray, deltaLengthByteArray } from 'hyparquet/src/delta.js';
import { byteStreamSplit } from 'hyparquet/src/encoding.js';
import type { StoredType } from './stored-type.ts';

interface Encoded {
  readonly bytes: Uint8Array;
  readonly encoding: Encoding;
  /** At least 1. */
  readonly count: number;
}

/**
 * PLAIN bytes of values in an encoding that our own writer does not use, or undefined for an
 * encoding that is not known. May throw anything for damaged input.
 */
export function plainBytesOf(
  { physical, width }: StoredType,
  { bytes, encoding, count }: Encoded,
): Uint8Array | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const reader = { view, offset: 0 };
  switch (encoding) {
    case 'DELTA_BINARY_PACKED': {
      if (physical !== 'INT32' && physical !== 'INT64') return undefined;
      const values = physical === 'INT32' ? new Int32Array(count) : new BigInt64Array(count);
      deltaBinaryUnpack(reader, count, values);
      return new Uint8Array(values.buffer);
    }
    case 'DELTA_LENGTH_BYTE_ARRAY': {
      const values: Uint8Array[] = [];
      deltaLengthByteArray(reader, count, values);
      return joined(values, physical === 'BYTE_ARRAY');
    }
    case 'DELTA_BYTE_ARRAY': {
      const values: Uint8Array[] = [];
      deltaByteArray(reader, count, values);
      return joined(values, physical === 'BYTE_ARRAY');
    }
    case 'BYTE_STREAM_SPLIT': {
      const values = byteStreamSplit(reader, count, physical, width);
      if (ArrayBuffer.isView(values)) return new Uint8Array(values.buffer);
      return joined(values as Uint8Array[], false);
    }
    default:
      return undefined;
  }
}

/** The values one after another, each after its length where `withLengths`. */
function joined(values: readonly Uint8Array[], withLengths: boolean): Uint8Array {
  const prefix = withLengths ? 4 : 0;
  const size = values.reduce((sum, value) => sum + prefix + value.length, 0);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const value of values) {
    if (withLengths) view.setUint32(at, value.length, true);
    bytes.set(value, at + prefix);
    at += prefix + value.length;
  }
  return bytes;
}
