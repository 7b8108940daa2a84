import type { Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { IcebergError } from '../errors.ts';
import type { ContentFile } from '../manifest/manifest-file.ts';
import type { PartitionSpec } from '../metadata/partition-spec.ts';
import type { NameMapping } from '../schema/name-mapping.ts';
import type { ScanColumn } from '../schema/table-schema.ts';
import { identityValue } from '../partition/partition-value.ts';

/** Where the values of a column come from, for the rows of one file. */
export type ColumnOrigin =
  | { readonly kind: 'stored'; readonly field: Field }
  | { readonly kind: 'constant'; readonly value: FieldValue };

export interface FileFacts {
  readonly file: ContentFile;
  readonly spec: PartitionSpec;
  /** The columns that the file has; their ids are 0 where it gives none. */
  readonly fields: readonly Field[];
  readonly names: NameMapping | undefined;
}

/**
 * Finds columns in a file by their ids; those that it does not have come from its partition, from
 * their defaults, or are NULL (table specification, "Column Projection").
 * @throws IcebergError `iceberg/field-ids-missing` when the file has no ids and the table no names
 */
export function columnOrigins(
  columns: readonly ScanColumn[],
  facts: FileFacts,
): readonly ColumnOrigin[] {
  const { file, fields, names } = facts;
  const hasIds = fields.some(({ id }) => id !== 0);
  if (!hasIds && !names && fields.length > 0) {
    const message = `The file ${file.path} has no field ids, and the table has no name mapping`;
    throw new IcebergError('iceberg/field-ids-missing', message, { context: { path: file.path } });
  }
  const places = new Places(fields, hasIds ? undefined : names);
  return columns.map((column): ColumnOrigin => {
    const stored = places.find(column.field, fields);
    if (stored) return { kind: 'stored', field: stored };
    const value = identityValue(file, facts.spec, column.field);
    return { kind: 'constant', value: value === undefined ? column.initialDefault : value };
  });
}

/** Finds fields in a file by id, or by the names that a mapping gives them. */
class Places {
  readonly #names: NameMapping | undefined;
  readonly #top: readonly Field[];

  constructor(top: readonly Field[], names: NameMapping | undefined) {
    this.#top = top;
    this.#names = names;
  }

  /** The field as a reader of the file asks for it; undefined when the file has none. */
  find(field: Field, among: readonly Field[] = this.#top): Field | undefined {
    if (!this.#names) return among.some(({ id }) => id === field.id) ? field : undefined;
    const names = this.#names.get(field.id) ?? [];
    const found = among.find(({ name }) => names.includes(name));
    if (!found) return undefined;
    return { ...field, id: 0, name: found.name, type: this.#type(field.type, found.type) };
  }

  /** The type with the names of the file. */
  #type(type: FieldType, found: FieldType): FieldType {
    if (type.kind === 'struct' && found.kind === 'struct') {
      const fields = type.fields.map(
        (field) => this.find(field, found.fields) ?? { ...field, id: 0, name: `${field.name}?` },
      );
      return { kind: 'struct', fields };
    }
    if (type.kind === 'list' && found.kind === 'list') {
      const { element } = type;
      return {
        ...type,
        element: { ...element, type: this.#type(element.type, found.element.type) },
      };
    }
    if (type.kind === 'map' && found.kind === 'map') {
      const key = { ...type.key, type: this.#type(type.key.type, found.key.type) };
      const value = { ...type.value, type: this.#type(type.value.type, found.value.type) };
      return { ...type, key, value };
    }
    return type;
  }
}
