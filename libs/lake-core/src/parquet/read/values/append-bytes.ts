import { formatUuid, grown } from '@cdc-demo/cdc-core';
import type { BooleanColumn, BytesColumn, FixedBytesColumn } from '@cdc-demo/cdc-core';
import type { Place } from '../place.ts';
import { LOOP_COPY_VALUES, claimRows } from './append.ts';
import type { Append } from './append.ts';

export function appendBooleans(column: BooleanColumn): Append {
  return ({ bytes }, start, count) => {
    const row = claimRows(column, count);
    const { values } = column;
    if (count < LOOP_COPY_VALUES) {
      for (let i = 0; i < count; i++) values[row + i] = bytes[start + i] ?? 0;
    } else values.set(bytes.subarray(start, start + count), row);
  };
}

/** BYTE_ARRAY as it is: column and file have the same layout. */
export function appendByteArrays(column: BytesColumn): Append {
  return ({ bytes, starts }, start, count) => {
    const row = claimRows(column, count);
    const { ends } = column;
    const from = starts[start] ?? 0;
    const to = starts[start + count] ?? from;
    const at = ends[row] ?? 0;
    reserveBytes(column, at + to - from).set(bytes.subarray(from, to), at);
    const shift = at - from;
    for (let i = 1; i <= count; i++) ends[row + i] = (starts[start + i] ?? 0) + shift;
  };
}

/** The column's data with room for `size` bytes in all. */
export function reserveBytes(column: BytesColumn, size: number): Uint8Array {
  if (size > column.data.length) {
    column.data = grown(column.data, Math.max(size, column.data.length * 2));
  }
  return column.data;
}

/** FIXED_LEN_BYTE_ARRAY as binary. */
export function appendFixedAsByteArrays(column: BytesColumn): Append {
  return ({ bytes, width }, start, count) => {
    for (let i = start; i < start + count; i++) {
      column.append(bytes, i * width, (i + 1) * width);
    }
  };
}

/** FIXED_LEN_BYTE_ARRAY as wide as the column's values. */
export function appendFixedBytes(column: FixedBytesColumn): Append {
  return ({ bytes, width }, start, count) => {
    const row = claimRows(column, count);
    column.data.set(bytes.subarray(start * width, (start + count) * width), row * width);
  };
}

export function appendUuidsAsText(column: BytesColumn): Append {
  return ({ bytes, width }, start, count) => {
    for (let i = start; i < start + count; i++) {
      column.appendString(formatUuid(bytes.subarray(i * width, (i + 1) * width)));
    }
  };
}

/** UUIDs in their canonical text form, the only one from which the text comes back. */
export function appendTextAsUuids(column: FixedBytesColumn, place: Place): Append {
  const decoder = new TextDecoder();
  const canonical = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
  return ({ bytes, starts }, start, count) => {
    for (let i = start; i < start + count; i++) {
      const text = decoder.decode(bytes.subarray((starts[i] ?? 0) + 4, starts[i + 1]));
      if (!canonical.test(text)) throw place.mismatch('it holds text that is no UUID');
      column.appendValue(text);
    }
  };
}
