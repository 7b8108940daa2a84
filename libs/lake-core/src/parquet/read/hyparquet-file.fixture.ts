import { gzipSync } from 'node:zlib';
import { decimalWidth, parseUuid } from '@cdc-demo/cdc-core';
import type { Field, FieldType, FieldValue, MapEntries } from '@cdc-demo/cdc-core';
import type { CompressionCodec, Encoding, SchemaElement } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';

export interface HyparquetOptions {
  readonly codec?: CompressionCodec;
  readonly pageSize?: number;
  readonly rowGroupSize?: number;
  /** Encoding of the top-level columns, by name. */
  readonly encodings?: Readonly<Record<string, Encoding>>;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Replaces the schema that belongs to `fields`. */
  readonly schema?: readonly SchemaElement[];
}

/** A file of `rows`, one array of values a row, written by hyparquet-writer. */
export function hyparquetFile(
  fields: readonly Field[],
  rows: readonly (readonly FieldValue[])[],
  options: HyparquetOptions = {},
): Uint8Array {
  const buffer = parquetWriteBuffer({
    columnData: fields.map(({ name, type }, i) => ({
      name,
      data: rows.map((row) => writable(type, row[i] ?? null)),
      ...(options.encodings?.[name] ? { encoding: options.encodings[name] } : {}),
    })),
    schema: [...(options.schema ?? schemaElements(fields))],
    codec: options.codec ?? 'SNAPPY',
    compressors: { GZIP: (bytes: Uint8Array) => new Uint8Array(gzipSync(bytes)) },
    ...(options.pageSize === undefined ? {} : { pageSize: options.pageSize }),
    ...(options.rowGroupSize === undefined ? {} : { rowGroupSize: options.rowGroupSize }),
    kvMetadata: Object.entries(options.metadata ?? {}).map(([key, value]) => ({ key, value })),
  });
  return new Uint8Array(buffer);
}

/** The schema for rows of `fields`, lists in three levels. */
export function schemaElements(fields: readonly Field[]): SchemaElement[] {
  return [{ name: 'root', num_children: fields.length }, ...fields.flatMap((f) => elements(f))];
}

function elements(field: Field): SchemaElement[] {
  const { type, name } = field;
  const repetition_type = field.nullable ? 'OPTIONAL' : 'REQUIRED';
  const node = { name, repetition_type, ...(field.id > 0 ? { field_id: field.id } : {}) } as const;
  const entry = { repetition_type: 'REPEATED' } as const;
  switch (type.kind) {
    case 'struct':
      return [{ ...node, num_children: type.fields.length }, ...type.fields.flatMap(elements)];
    case 'list':
      return [
        { ...node, num_children: 1, converted_type: 'LIST' },
        { ...entry, name: 'list', num_children: 1 },
        ...elements({ ...type.element, name: 'element' }),
      ];
    case 'map':
      return [
        { ...node, num_children: 1, converted_type: 'MAP' },
        { ...entry, name: 'key_value', num_children: 2 },
        ...elements({ ...type.key, name: 'key', nullable: false }),
        ...elements({ ...type.value, name: 'value' }),
      ];
    default:
      return [{ ...node, ...leaf(type) }];
  }
}

function leaf(type: FieldType): Omit<SchemaElement, 'name'> {
  switch (type.kind) {
    case 'boolean':
      return { type: 'BOOLEAN' };
    case 'int': {
      if (type.bits === 64) return { type: 'INT64' };
      if (type.bits === 32) return { type: 'INT32' };
      return { type: 'INT32', converted_type: type.bits === 8 ? 'INT_8' : 'INT_16' };
    }
    case 'float':
      return { type: type.bits === 32 ? 'FLOAT' : 'DOUBLE' };
    case 'decimal': {
      const { precision, scale } = type;
      const decimal = { converted_type: 'DECIMAL', precision, scale } as const;
      if (precision <= 9) return { type: 'INT32', ...decimal };
      if (precision <= 18) return { type: 'INT64', ...decimal };
      const type_length = decimalWidth(precision);
      return { type: 'FIXED_LEN_BYTE_ARRAY', type_length, ...decimal };
    }
    case 'date':
      return { type: 'INT32', converted_type: 'DATE' };
    case 'time':
      return { type: 'INT64', converted_type: 'TIME_MICROS' };
    case 'timestamp': {
      const isAdjustedToUTC = type.zone === 'utc';
      return {
        type: 'INT64',
        logical_type: { type: 'TIMESTAMP', isAdjustedToUTC, unit: 'MICROS' },
      };
    }
    case 'uuid':
      return { type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, logical_type: { type: 'UUID' } };
    case 'binary':
      return { type: 'BYTE_ARRAY' };
    default:
      return { type: 'BYTE_ARRAY', converted_type: 'UTF8' };
  }
}

/** A value as hyparquet-writer takes it. */
function writable(type: FieldType, value: FieldValue): unknown {
  if (value === null) return null;
  switch (type.kind) {
    case 'uuid':
      return parseUuid(value as string);
    case 'list':
      return (value as readonly FieldValue[]).map((item) => writable(type.element.type, item));
    case 'map':
      return (value as MapEntries).map(([key, val]) => [
        writable(type.key.type, key),
        writable(type.value.type, val),
      ]);
    case 'struct': {
      const object = value as Readonly<Record<string, FieldValue>>;
      return Object.fromEntries(
        type.fields.map((f) => [f.name, writable(f.type, object[f.name] ?? null)]),
      );
    }
    default:
      return value;
  }
}
