import type { LeafType } from '../format/schema-element.ts';
import { BooleanValues } from './boolean-values.ts';
import { ByteArrayValues } from './byte-array-values.ts';
import { fixedWidthRange } from './fixed-width-range.ts';
import { FixedWidthValues } from './fixed-width-values.ts';
import type { PageValues } from './page-values.ts';

/** An empty stage for the values of a leaf. */
export function pageValuesOf(type: LeafType): PageValues {
  switch (type.physical) {
    case 'BOOLEAN':
      return new BooleanValues();
    case 'BYTE_ARRAY':
      return new ByteArrayValues();
    case 'INT32':
    case 'FLOAT':
      return new FixedWidthValues(4, fixedWidthRange(type));
    case 'INT64':
    case 'DOUBLE':
      return new FixedWidthValues(8, fixedWidthRange(type));
    case 'FIXED_LEN_BYTE_ARRAY':
      return new FixedWidthValues(type.width, fixedWidthRange(type));
  }
}
