import type { Column, FieldType } from '@cdc-demo/cdc-core';
import type { WireValue } from './wire-value.ts';

/**
 * Appends the value at hand to a column of the codec's field type: exactly one row is appended,
 * or an error thrown (`MalformedValue`, `ValueOutOfRange`; nothing of the row is taken back then).
 */
export type ValueDecoder = (value: WireValue, column: Column) => void;

/** How one Postgres type is read. Both decoders append the same for the same value. */
export interface ColumnCodec {
  readonly field: FieldType;
  /** Reads what the type's send function writes; `text-only` where that is not known. */
  readonly binary: ValueDecoder | 'text-only';
  /** Reads what the type's output function prints under the session settings of the source. */
  readonly text: ValueDecoder;
  /** What a binary COPY has to select: the column itself, or the column cast to text. */
  readonly copyCast: 'none' | 'text';
}

/** A codec from decoders that are written for the column class of its field. */
export function columnCodec<C extends Column>(
  field: FieldType,
  decoders: {
    readonly binary: ((value: WireValue, column: C) => void) | 'text-only';
    readonly text: (value: WireValue, column: C) => void;
  },
): ColumnCodec {
  const { binary, text } = decoders as Pick<ColumnCodec, 'binary' | 'text'>;
  return { field, binary, text, copyCast: binary === 'text-only' ? 'text' : 'none' };
}
