import {
  bigIntToBytes,
  bytesToBigInt,
  decimalWidth,
  formatUuid,
  parseUuid,
} from '@cdc-demo/cdc-core';
import type { FieldType, FieldValue } from '@cdc-demo/cdc-core';
import type { ContentFile } from '../manifest/manifest-file.ts';
import type { PartitionSpec } from '../metadata/partition-spec.ts';

/**
 * The value that a column has in all rows of a file, where the file's partition says so by an
 * identity transform; undefined where it does not.
 */
export function identityValue(
  { partition }: ContentFile,
  spec: PartitionSpec,
  { id, type }: { readonly id: number; readonly type: FieldType },
): FieldValue | undefined {
  const at = spec.fields.findIndex(
    ({ sourceIds, transform }) => transform === 'identity' && sourceIds[0] === id,
  );
  return at < 0 ? undefined : fromAvro(partition[at], type);
}

/** A value of a partition tuple (table specification, "Appendix A: Avro"). */
export function fromAvro(value: unknown, type: FieldType): FieldValue {
  if (value === undefined || value === null) return null;
  switch (type.kind) {
    case 'int':
      return type.bits === 64 ? BigInt(value as number | bigint) : Number(value);
    case 'time':
    case 'timestamp':
      return BigInt(value as number | bigint);
    case 'date':
    case 'float':
      return Number(value);
    case 'decimal':
      return bytesToBigInt(value as Uint8Array);
    case 'uuid':
      return formatUuid(value as Uint8Array);
    case 'binary':
      return Uint8Array.from(value as Uint8Array);
    default:
      return value as string | boolean;
  }
}

/** The same as Avro encodes it: long as bigint, fixed and bytes as Buffer, NULL as null. */
export function toAvro(value: FieldValue, type: FieldType): unknown {
  if (value === null) return null;
  switch (type.kind) {
    case 'decimal':
      return Buffer.from(bigIntToBytes(value as bigint, decimalWidth(type.precision)));
    case 'uuid':
      return Buffer.from(parseUuid(value as string));
    case 'binary':
      return Buffer.from(value as Uint8Array);
    default:
      return value;
  }
}
