import { isJsonObject } from '@cdc-demo/lake-core';
import type { ExactJson, ExactJsonObject } from '@cdc-demo/lake-core';

interface AvroField {
  readonly name: string;
  readonly schema: ExactJson;
}

export interface AvroEntry {
  readonly key: number;
  readonly value: unknown;
}

/** The fields of each record schema by their Iceberg ids; schemas are shared by all records. */
const known = new WeakMap<object, ReadonlyMap<number, AvroField>>();

/**
 * A record whose fields are found by their Iceberg field ids (`field-id` in the schema, table
 * specification, "Appendix A: Avro"). Null and absent are the same. Everything throws a `TypeError`
 * that names the field when it has another type.
 */
export class AvroRecord {
  readonly #fields: ReadonlyMap<number, AvroField>;
  readonly #values: Readonly<Record<string, unknown>>;

  private constructor(
    fields: ReadonlyMap<number, AvroField>,
    values: Readonly<Record<string, unknown>>,
  ) {
    this.#fields = fields;
    this.#values = values;
  }

  /** @param schema a record, or a union of null and one */
  static of(schema: ExactJson, value: unknown): AvroRecord {
    const record = recordOf(schema);
    if (typeof value !== 'object' || value === null) throw new TypeError('a record is missing');
    let fields = known.get(record);
    if (!fields) {
      fields = fieldsById(record);
      known.set(record, fields);
    }
    return new AvroRecord(fields, value as Record<string, unknown>);
  }

  /** Whatever the field holds, as Avro decodes it: long as bigint, bytes and fixed as Buffer. */
  value(id: number): unknown {
    const field = this.#fields.get(id);
    return field && (this.#values[field.name] ?? undefined);
  }

  string(id: number): string {
    return this.optionalString(id) ?? this.#fail(id, 'a text');
  }

  optionalString(id: number): string | undefined {
    const value = this.value(id);
    return value === undefined || typeof value === 'string' ? value : this.#fail(id, 'a text');
  }

  number(id: number): number {
    return this.optionalNumber(id) ?? this.#fail(id, 'a number');
  }

  /** An int, or a long that a number can hold. */
  optionalNumber(id: number): number | undefined {
    const value = this.value(id);
    if (value === undefined || typeof value === 'number') return value;
    return typeof value === 'bigint' ? Number(value) : this.#fail(id, 'a number');
  }

  optionalLong(id: number): bigint | undefined {
    const value = this.value(id);
    if (value === undefined || typeof value === 'bigint') return value;
    return typeof value === 'number' ? BigInt(value) : this.#fail(id, 'an integer');
  }

  optionalNumbers(id: number): readonly number[] | undefined {
    const value = this.value(id);
    if (value === undefined) return undefined;
    return Array.isArray(value) ? value.map(Number) : this.#fail(id, 'a list of numbers');
  }

  /** A map with integers as keys, which Avro has as a list of entries; none when it is absent. */
  entries(id: number): readonly AvroEntry[] {
    const value = this.value(id) ?? [];
    return Array.isArray(value) ? (value as readonly AvroEntry[]) : this.#fail(id, 'a map');
  }

  record(id: number): AvroRecord {
    const field = this.#fields.get(id);
    return field
      ? AvroRecord.of(field.schema, this.#values[field.name])
      : this.#fail(id, 'a record');
  }

  #fail(id: number, expected: string): never {
    const name = this.#fields.get(id)?.name ?? 'missing';
    throw new TypeError(`its field ${id} (${name}) is not ${expected}`);
  }
}

function recordOf(schema: ExactJson): ExactJsonObject {
  const candidates = Array.isArray(schema) ? (schema as readonly ExactJson[]) : [schema];
  for (const candidate of candidates) {
    if (isJsonObject(candidate) && candidate['type'] === 'record') return candidate;
    // `{"type": {"type": "record", …}}` says the same.
    if (isJsonObject(candidate) && isJsonObject(candidate['type']))
      return recordOf(candidate['type']);
  }
  throw new TypeError('its schema is no record');
}

function fieldsById({ fields }: ExactJsonObject): ReadonlyMap<number, AvroField> {
  const found = new Map<number, AvroField>();
  for (const field of Array.isArray(fields) ? (fields as readonly ExactJson[]) : []) {
    if (!isJsonObject(field)) continue;
    const { name, type = null, 'field-id': id } = field;
    if (typeof name === 'string' && typeof id === 'number') found.set(id, { name, schema: type });
  }
  return found;
}
