import {
  BytesColumn,
  ListColumn,
  MapColumn,
  StructColumn,
  grown,
  sameType,
} from '@cdc-demo/cdc-core';
import type { Column, FieldType, FixedBytesColumn, Int64Column } from '@cdc-demo/cdc-core';
import { widenColumn } from './widen-column.ts';

const DASH = 0x2d;
const COLON = 0x3a;
const DOT = 0x2e;
const ZERO = 0x30;
const UUID_CHARACTERS = 36;
/** Where the groups of a uuid's bytes end that its text has dashes between. */
const UUID_GROUPS = [4, 6, 8, 10, 16];
/** `HH:MM:SS.ffffff` */
const TIME_CHARACTERS = 15;
const HEX = Buffer.from('0123456789abcdef');
/** By byte, the first and the second digit of its text. */
const HIGH_DIGIT = Uint8Array.from({ length: 256 }, (_, byte) => HEX[byte >>> 4] ?? 0);
const LOW_DIGIT = Uint8Array.from({ length: 256 }, (_, byte) => HEX[byte & 15] ?? 0);

/**
 * A column of a source with the type that it has in a table: that of `tableType`, or a wider one.
 * A column whose type stays the same is given back as it is; others may share memory with the
 * source, so neither may change afterwards.
 */
export function convertColumn(column: Column, wanted: FieldType): Column {
  const { type } = column;
  if (sameType(type, wanted)) return column;
  switch (wanted.kind) {
    case 'string':
      if (type.kind === 'uuid') return uuidText(column as FixedBytesColumn);
      if (type.kind === 'time') return timeText(column as Int64Column);
      return relabelled(column as BytesColumn);
    case 'list': {
      const { element, offsets } = column as ListColumn;
      const made = new ListColumn(wanted, convertColumn(element, wanted.element.type), 0);
      return Object.assign(adopt(made, column), { offsets });
    }
    case 'map': {
      const { key: keys, val, offsets } = column as MapColumn;
      const key = convertColumn(keys, wanted.key.type);
      const value = convertColumn(val, wanted.value.type);
      const made = new MapColumn(wanted, { key, value }, 0);
      return Object.assign(adopt(made, column), { offsets });
    }
    case 'struct': {
      const fields = (column as StructColumn).fields.map((field, i) => {
        return convertColumn(field, wanted.fields[i]?.type ?? field.type);
      });
      return adopt(new StructColumn(wanted, fields, 0), column);
    }
    default:
      return widenColumn(column, wanted);
  }
}

/** Other texts, as JSON. */
function relabelled(column: BytesColumn): BytesColumn {
  const { data, ends } = column;
  return Object.assign(adopt(new BytesColumn({ kind: 'string' }, 0), column), { data, ends });
}

function adopt<T extends Column>(made: T, source: Column): T {
  made.presence = source.presence;
  made.length = source.length;
  return made;
}

/** A column of texts of `characters` bytes each where `source` is present, still to be filled. */
function textColumn(source: Column, characters: number): BytesColumn {
  const { length, presence } = source;
  const column = adopt(new BytesColumn({ kind: 'string' }, 0), source);
  const ends = new Uint32Array(presence.length + 1);
  let at = 0;
  for (let row = 0; row < length; row++) {
    if (presence[row] === 1) at += characters + 4;
    ends[row + 1] = at;
  }
  column.ends = ends;
  column.data = grown(new Uint8Array(0), at);
  for (let start = 0; start < at; start += characters + 4) column.data[start] = characters;
  return column;
}

function uuidText(source: FixedBytesColumn): BytesColumn {
  const column = textColumn(source, UUID_CHARACTERS);
  const text = column.data;
  const bytes = source.data;
  let at = 0;
  for (let row = 0; row < source.length; row++) {
    if (source.presence[row] !== 1) continue;
    at += 4;
    let from = row * 16;
    for (const end of UUID_GROUPS) {
      for (const to = row * 16 + end; from < to; from++) {
        const byte = bytes[from] ?? 0;
        text[at++] = HIGH_DIGIT[byte] ?? 0;
        text[at++] = LOW_DIGIT[byte] ?? 0;
      }
      if (end < 16) text[at++] = DASH;
    }
  }
  return column;
}

function timeText(source: Int64Column): BytesColumn {
  const column = textColumn(source, TIME_CHARACTERS);
  const { data } = column;
  const { words } = source;
  let at = 0;
  for (let row = 0; row < source.length; row++) {
    if (source.presence[row] !== 1) continue;
    at += 4;
    // A day has fewer than 2^37 microseconds: exact as a number.
    const micros = (words[row * 2 + 1] ?? 0) * 0x1_0000_0000 + ((words[row * 2] ?? 0) >>> 0);
    const seconds = Math.floor(micros / 1_000_000);
    const minutes = Math.floor(seconds / 60);
    writeDigits(data, at, Math.floor(minutes / 60), 2);
    data[at + 2] = COLON;
    writeDigits(data, at + 3, minutes % 60, 2);
    data[at + 5] = COLON;
    writeDigits(data, at + 6, seconds % 60, 2);
    data[at + 8] = DOT;
    writeDigits(data, at + 9, micros % 1_000_000, 6);
    at += TIME_CHARACTERS;
  }
  return column;
}

// eslint-disable-next-line max-params -- an object for each value would cost more than the digits
function writeDigits(data: Uint8Array, at: number, value: number, digits: number): void {
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    data[i] = ZERO + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
