/**
 * A value as plain JavaScript, exact for every type: booleans; numbers for integers up to 32 bits,
 * floats and dates (days); bigint for 64-bit integers, decimals (unscaled), times and timestamps
 * (microseconds); strings for string, json, variant (its JSON) and uuid; bytes for binary; arrays
 * for lists; arrays of pairs for maps; objects by field name for structs; null.
 */
export type FieldValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly FieldValue[]
  | MapEntries
  | { readonly [field: string]: FieldValue };

/** Entries of a map in stored order. */
export type MapEntries = readonly (readonly [FieldValue, FieldValue])[];
