import { FieldReader, parseExactJson } from '@cdc-demo/lake-core';
import type { ExactJson } from '@cdc-demo/lake-core';

/** Names that a field may have in files without field ids, by its id. */
export type NameMapping = ReadonlyMap<number, readonly string[]>;

/**
 * The names by which columns are found in files that were not written for the table
 * (`schema.name-mapping.default`; table specification, "Name Mapping Serialization").
 * @throws SyntaxError or TypeError that says what is wrong
 */
export function parseNameMapping(text: string): NameMapping {
  const names = new Map<number, readonly string[]>();
  const json = parseExactJson(text);
  if (!Array.isArray(json)) throw new TypeError('a name mapping is no list');
  collect(json as readonly ExactJson[], names);
  return names;
}

function collect(list: readonly ExactJson[], names: Map<number, readonly string[]>): void {
  for (const item of list) {
    const field = new FieldReader('name mapping', item);
    const id = field.optionalNumber('field-id');
    if (id !== undefined) names.set(id, field.optionalStrings('names') ?? []);
    collect(field.optionalList('fields') ?? [], names);
  }
}
