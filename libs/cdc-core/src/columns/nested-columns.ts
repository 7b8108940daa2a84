import type { FieldType } from '../schema/field.ts';
import { Column, grown } from './column.ts';
import type { FieldValue, MapEntries } from './field-value.ts';
import { valueMismatch } from './value-mismatch.ts';

/**
 * Lists. Row i holds the elements [offsets[i], offsets[i + 1]) of `element`.
 * To append: append the elements to `element`, then call `endList`.
 */
export class ListColumn extends Column {
  readonly element: Column;
  offsets: Uint32Array;

  constructor(type: FieldType, element: Column, capacity = 16) {
    super(type, capacity);
    this.element = element;
    this.offsets = new Uint32Array(capacity + 1);
  }

  get byteSize(): number {
    return this.length * 5 + this.element.byteSize;
  }

  /** Ends the present list whose elements were appended since the last row. */
  endList(): void {
    const row = this.claim();
    this.offsets[row + 1] = this.element.length;
  }

  value(row: number): FieldValue {
    if (this.presence[row] !== 1) return null;
    const values: FieldValue[] = [];
    for (let i = this.offsets[row] ?? 0; i < (this.offsets[row + 1] ?? 0); i++) {
      values.push(this.element.value(i));
    }
    return values;
  }

  appendValue(value: FieldValue): void {
    if (value === null) {
      this.appendNull();
      return;
    }
    if (!Array.isArray(value)) throw valueMismatch('array', value, this.type);
    for (const element of value as readonly FieldValue[]) this.element.appendValue(element);
    this.endList();
  }

  equalValue(row: number, other: this, otherRow: number): boolean {
    return equalSpans(
      { offsets: this.offsets, row, columns: [this.element] },
      { offsets: other.offsets, row: otherRow, columns: [other.element] },
    );
  }

  override truncate(length: number): void {
    super.truncate(length);
    this.element.truncate(this.offsets[length] ?? 0);
  }

  protected copyValue(source: this, row: number): void {
    this.element.appendRange(
      source.element,
      source.offsets[row] ?? 0,
      source.offsets[row + 1] ?? 0,
    );
    this.endList();
  }

  protected override onAbsent(): void {
    this.offsets[this.length] = this.element.length;
  }

  protected grow(capacity: number): void {
    this.offsets = grown(this.offsets, capacity + 1);
  }
}

/** Maps: as a list of pairs, keys and values in two columns of the same length. */
export class MapColumn extends Column {
  readonly key: Column;
  readonly val: Column;
  offsets: Uint32Array;

  constructor(type: FieldType, entries: { key: Column; value: Column }, capacity = 16) {
    super(type, capacity);
    this.key = entries.key;
    this.val = entries.value;
    this.offsets = new Uint32Array(capacity + 1);
  }

  get byteSize(): number {
    return this.length * 5 + this.key.byteSize + this.val.byteSize;
  }

  /** Ends the present map whose entries were appended to `key` and `val` since the last row. */
  endMap(): void {
    const row = this.claim();
    this.offsets[row + 1] = this.key.length;
  }

  value(row: number): FieldValue {
    if (this.presence[row] !== 1) return null;
    const entries: [FieldValue, FieldValue][] = [];
    for (let i = this.offsets[row] ?? 0; i < (this.offsets[row + 1] ?? 0); i++) {
      entries.push([this.key.value(i), this.val.value(i)]);
    }
    return entries;
  }

  appendValue(value: FieldValue): void {
    if (value === null) {
      this.appendNull();
      return;
    }
    if (!Array.isArray(value)) throw valueMismatch('array of pairs', value, this.type);
    for (const [key, val] of value as MapEntries) {
      this.key.appendValue(key);
      this.val.appendValue(val);
    }
    this.endMap();
  }

  equalValue(row: number, other: this, otherRow: number): boolean {
    return equalSpans(
      { offsets: this.offsets, row, columns: [this.key, this.val] },
      { offsets: other.offsets, row: otherRow, columns: [other.key, other.val] },
    );
  }

  override truncate(length: number): void {
    super.truncate(length);
    this.key.truncate(this.offsets[length] ?? 0);
    this.val.truncate(this.offsets[length] ?? 0);
  }

  protected copyValue(source: this, row: number): void {
    const start = source.offsets[row] ?? 0;
    const end = source.offsets[row + 1] ?? 0;
    this.key.appendRange(source.key, start, end);
    this.val.appendRange(source.val, start, end);
    this.endMap();
  }

  protected override onAbsent(): void {
    this.offsets[this.length] = this.key.length;
  }

  protected grow(capacity: number): void {
    this.offsets = grown(this.offsets, capacity + 1);
  }
}

/**
 * Structs: one column a field, each as long as the struct itself (NULL where the struct is not
 * present).
 * To append: append one value to each of `fields`, then call `endStruct`.
 */
export class StructColumn extends Column {
  readonly fields: readonly Column[];

  constructor(type: FieldType, fields: readonly Column[], capacity = 16) {
    super(type, capacity);
    this.fields = fields;
  }

  get byteSize(): number {
    return this.fields.reduce((sum, field) => sum + field.byteSize, this.length);
  }

  endStruct(): void {
    this.claim();
  }

  value(row: number): FieldValue {
    if (this.presence[row] !== 1 || this.type.kind !== 'struct') return null;
    const { fields } = this.type;
    return Object.fromEntries(
      this.fields.map((column, i) => [fields[i]?.name ?? '', column.value(row)]),
    );
  }

  appendValue(value: FieldValue): void {
    if (value === null) {
      this.appendNull();
      return;
    }
    const isObject =
      typeof value === 'object' && !Array.isArray(value) && !(value instanceof Uint8Array);
    if (!isObject || this.type.kind !== 'struct') throw valueMismatch('object', value, this.type);
    const { fields } = this.type;
    const object = value as Readonly<Record<string, FieldValue>>;
    this.fields.forEach((column, i) => {
      column.appendValue(object[fields[i]?.name ?? ''] ?? null);
    });
    this.endStruct();
  }

  equalValue(row: number, other: this, otherRow: number): boolean {
    return this.fields.every((column, i) => {
      const otherColumn = other.fields[i];
      return otherColumn !== undefined && column.equalAt(row, otherColumn, otherRow);
    });
  }

  override truncate(length: number): void {
    super.truncate(length);
    for (const field of this.fields) field.truncate(length);
  }

  protected copyValue(source: this, row: number): void {
    this.fields.forEach((column, i) => {
      const from = source.fields[i];
      if (from) column.appendFrom(from, row);
    });
    this.endStruct();
  }

  protected override onAbsent(): void {
    for (const field of this.fields) field.appendNull();
  }

  protected grow(): void {
    // The fields grow by themselves.
  }
}

interface Spans {
  readonly offsets: Uint32Array;
  readonly row: number;
  readonly columns: readonly Column[];
}

function equalSpans(a: Spans, b: Spans): boolean {
  const startA = a.offsets[a.row] ?? 0;
  const startB = b.offsets[b.row] ?? 0;
  const count = (a.offsets[a.row + 1] ?? 0) - startA;
  if (count !== (b.offsets[b.row + 1] ?? 0) - startB) return false;
  return a.columns.every((column, i) => {
    const other = b.columns[i];
    if (!other) return false;
    for (let k = 0; k < count; k++) {
      if (!column.equalAt(startA + k, other, startB + k)) return false;
    }
    return true;
  });
}
