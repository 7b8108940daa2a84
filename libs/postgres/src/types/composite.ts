import type { Field, StructColumn } from '@cdc-demo/cdc-core';
import { appendPrefixed } from './array.ts';
import { columnCodec } from './column-codec.ts';
import type { ColumnCodec, ValueDecoder } from './column-codec.ts';
import { appendPart, takeQuoted } from './quoted-text.ts';
import { MalformedValue, TypeChanged } from './wire-value.ts';
import type { WireValue } from './wire-value.ts';

const QUOTE = 34;
const OPEN = 40;
const CLOSE = 41;
const COMMA = 44;

/** An attribute of a composite type that was not dropped. */
export interface Attribute {
  readonly name: string;
  readonly typeOid: number;
  readonly codec: ColumnCodec;
}

/** Composite types, as structs whose fields are all nullable. */
export function compositeCodec(attributes: readonly Attribute[]): ColumnCodec {
  const fields = attributes.map(
    ({ name, codec }): Field => ({ id: 0, name, type: codec.field, nullable: true }),
  );
  const texts = attributes.map(({ codec }) => codec.text);
  const binaries = attributes.map(({ codec }) => codec.binary);
  const oids = attributes.map(({ typeOid }) => typeOid);
  const known = binaries.filter((binary) => binary !== 'text-only');
  return columnCodec<StructColumn>(
    { kind: 'struct', fields },
    {
      binary:
        known.length < binaries.length
          ? 'text-only'
          : (value, column) => {
              appendBinary(value, column, { oids, decoders: known });
            },
      text: (value, column) => {
        appendText(value, column, texts);
      },
    },
  );
}

interface BinaryForm {
  readonly oids: readonly number[];
  readonly decoders: readonly ValueDecoder[];
}

/** What `record_send` writes: number of attributes, then the type and the value of each. */
function appendBinary(value: WireValue, column: StructColumn, form: BinaryForm): void {
  const { view, start, end } = value;
  if (end - start < 4) throw new MalformedValue('composite without header');
  if (view.getInt32(start) !== form.oids.length) {
    throw new TypeChanged('the composite type has other attributes');
  }
  let at = start + 4;
  for (let i = 0; i < form.oids.length; i++) {
    const decode = form.decoders[i];
    const field = column.fields[i];
    if (decode === undefined || field === undefined) throw new RangeError('no such attribute');
    if (at + 4 > end) throw new MalformedValue('attribute without its type');
    if (view.getUint32(at) !== form.oids[i]) {
      throw new TypeChanged('an attribute of the composite type has another type');
    }
    at = appendPrefixed(value, { at: at + 4, end }, { column: field, decode });
  }
  if (at !== end) throw new MalformedValue('composite longer than its attributes');
  column.endStruct();
}

/** What `record_out` prints: `(1,"a, b",)`; nothing between commas is NULL. */
function appendText(
  value: WireValue,
  column: StructColumn,
  decoders: readonly ValueDecoder[],
): void {
  const { bytes, start, end } = value;
  const last = end - 1;
  if (end - start < 2 || bytes[start] !== OPEN || bytes[last] !== CLOSE) {
    throw new MalformedValue('composite without parentheses');
  }
  let at = start + 1;
  for (let i = 0; i < decoders.length; i++) {
    const decode = decoders[i];
    const field = column.fields[i];
    if (decode === undefined || field === undefined) throw new RangeError('no such attribute');
    if (i > 0) {
      if (bytes[at] !== COMMA) throw new TypeChanged('the composite type has fewer attributes');
      at++;
    }
    if (at === last || bytes[at] === COMMA) {
      field.appendNull();
    } else if (bytes[at] === QUOTE) {
      const part = takeQuoted(bytes, at, last);
      appendPart(value, part, { column: field, decode });
      at = part.after;
    } else {
      const from = at;
      while (at < last && bytes[at] !== COMMA) at++;
      appendPart(value, { at: from, end: at, escaped: false }, { column: field, decode });
    }
  }
  if (at !== last) throw new TypeChanged('the composite type has more attributes');
  column.endStruct();
}
