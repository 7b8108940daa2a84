import type { ExactJsonObject } from '@cdc-demo/lake-core';

/**
 * A Delta data type as the schema's JSON has it (Delta protocol, "Schema Serialization Format"):
 * the name of a primitive type (`decimal(p,s)` among them), or an object.
 */
export type DeltaType = string | StructType | ArrayType | MapType;

export interface StructType {
  readonly type: 'struct';
  readonly fields: readonly StructField[];
}

export interface ArrayType {
  readonly type: 'array';
  readonly elementType: DeltaType;
  readonly containsNull: boolean;
}

export interface MapType {
  readonly type: 'map';
  readonly keyType: DeltaType;
  readonly valueType: DeltaType;
  readonly valueContainsNull: boolean;
}

/** A column, at the top level or in a struct. */
export interface StructField {
  readonly name: string;
  readonly type: DeltaType;
  readonly nullable: boolean;
  /** Kept as it is: what is not known here means something to somebody else. */
  readonly metadata: ExactJsonObject;
}
