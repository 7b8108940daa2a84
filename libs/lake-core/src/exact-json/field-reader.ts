import { isJsonObject } from './exact-json.ts';
import type { ExactJson, ExactJsonObject } from './exact-json.ts';

/**
 * Reads the fields of one object. Null and absent are the same. Everything throws a `TypeError`
 * that names the field when the value has another type.
 */
export class FieldReader {
  readonly #name: string;
  readonly #object: ExactJsonObject;

  constructor(name: string, value: ExactJson | undefined) {
    if (!isJsonObject(value)) throw new TypeError(`${name} is no object`);
    this.#name = name;
    this.#object = value;
  }

  /** Names of the fields, those that are null included. */
  get names(): readonly string[] {
    return Object.keys(this.#object);
  }

  /** A required string. */
  string(field: string): string {
    return this.optionalString(field) ?? this.#fail(field, 'a string');
  }

  optionalString(field: string): string | undefined {
    const value = this.#get(field);
    if (value === undefined || typeof value === 'string') return value;
    return this.#fail(field, 'a string');
  }

  /** A required size or time; beyond ±(2^53 − 1) the nearest number. */
  number(field: string): number {
    return this.optionalNumber(field) ?? this.#fail(field, 'a number');
  }

  optionalNumber(field: string): number | undefined {
    const value = this.#get(field);
    if (value === undefined || typeof value === 'number') return value;
    return typeof value === 'bigint' ? Number(value) : this.#fail(field, 'a number');
  }

  /** A required integer of 64 bits. */
  long(field: string): bigint {
    return this.optionalLong(field) ?? this.#fail(field, 'an integer');
  }

  optionalLong(field: string): bigint | undefined {
    const value = this.#get(field);
    if (value === undefined || typeof value === 'bigint') return value;
    return typeof value === 'number' && Number.isSafeInteger(value)
      ? BigInt(value)
      : this.#fail(field, 'an integer');
  }

  boolean(field: string): boolean {
    return this.optionalBoolean(field) ?? this.#fail(field, 'true or false');
  }

  optionalBoolean(field: string): boolean | undefined {
    const value = this.#get(field);
    if (value === undefined || typeof value === 'boolean') return value;
    return this.#fail(field, 'true or false');
  }

  optionalStrings(field: string): readonly string[] | undefined {
    const value = this.#get(field);
    if (value === undefined) return undefined;
    const isStrings = Array.isArray(value) && value.every((item) => typeof item === 'string');
    return isStrings ? (value as readonly string[]) : this.#fail(field, 'a list of strings');
  }

  /** A map to strings; entries that are null are left out. */
  optionalMap(field: string): Readonly<Record<string, string>> | undefined {
    const values = this.optionalNullableMap(field);
    if (!values) return undefined;
    const entries = Object.entries(values);
    if (entries.every(([, value]) => value !== null)) return values as Record<string, string>;
    return Object.fromEntries(entries.filter(([, value]) => value !== null)) as Record<
      string,
      string
    >;
  }

  optionalNullableMap(field: string): Readonly<Record<string, string | null>> | undefined {
    const value = this.#get(field);
    if (value === undefined) return undefined;
    if (!isJsonObject(value)) return this.#fail(field, 'a map');
    const isMap = Object.values(value).every((item) => item === null || typeof item === 'string');
    return isMap ? (value as Record<string, string | null>) : this.#fail(field, 'a map to strings');
  }

  optionalObject(field: string): FieldReader | undefined {
    const value = this.#get(field);
    return value === undefined ? undefined : new FieldReader(`${this.#name}.${field}`, value);
  }

  /** A required list; its items are whatever they are. */
  list(field: string): readonly ExactJson[] {
    return this.optionalList(field) ?? this.#fail(field, 'a list');
  }

  optionalList(field: string): readonly ExactJson[] | undefined {
    const value = this.#get(field);
    if (value === undefined) return undefined;
    return Array.isArray(value) ? (value as readonly ExactJson[]) : this.#fail(field, 'a list');
  }

  /** A value of any type; undefined when it is null or absent. */
  json(field: string): ExactJson | undefined {
    return this.#get(field);
  }

  #get(field: string): ExactJson | undefined {
    const value = Object.hasOwn(this.#object, field) ? this.#object[field] : undefined;
    return value ?? undefined;
  }

  #fail(field: string, expected: string): never {
    throw new TypeError(`${this.#name}.${field} is not ${expected}`);
  }
}
