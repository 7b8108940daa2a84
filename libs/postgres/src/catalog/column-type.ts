import { arrayCodec } from '../types/array.ts';
import { builtinTypes } from '../types/builtin-types.ts';
import type { ServerFacts } from '../types/builtin-types.ts';
import type { ColumnCodec } from '../types/column-codec.ts';
import { compositeCodec } from '../types/composite.ts';
import { extensionTypes } from '../types/extension-types.ts';
import { textCodec, unknownCodec } from '../types/text.ts';
import type { TypeRow } from './type-row.ts';

const BUILTIN = new Map(builtinTypes.map((type) => [type.oid, type.codec]));
const EXTENSION = new Map(
  extensionTypes.map(({ extension, name, codec }) => [`${extension}.${name}`, codec]),
);

/** What a column is: a type and its modifier (`atttypid`, `atttypmod`). */
export interface ColumnType {
  readonly oid: number;
  readonly typmod: number;
}

/**
 * The codec of a column, through domains, arrays and composites; for a type that is not known
 * here, or missing in `types`, the server's text as a string.
 */
export function resolveCodec(
  types: ReadonlyMap<number, TypeRow>,
  { oid, typmod }: ColumnType,
  server: ServerFacts,
): ColumnCodec {
  const builtin = BUILTIN.get(oid);
  if (builtin !== undefined)
    return typeof builtin === 'function' ? builtin(typmod, server) : builtin;
  const type = types.get(oid);
  if (type === undefined) return unknownCodec;
  if (type.elementOid !== undefined) {
    const element = resolveCodec(types, { oid: type.elementOid, typmod }, server);
    return arrayCodec(element, type.delimiter.charCodeAt(0));
  }
  switch (type.kind) {
    case 'domain':
      return resolveCodec(types, type.base, server);
    case 'enum':
      return textCodec;
    case 'composite':
      return compositeCodec(
        type.attributes.map((attribute) => ({
          name: attribute.name,
          typeOid: attribute.oid,
          codec: resolveCodec(types, attribute, server),
        })),
      );
    default:
      return EXTENSION.get(`${type.extension ?? ''}.${type.name}`) ?? unknownCodec;
  }
}

/** Does a domain, or one that it is made from, give a value where none is stated? */
export function hasDomainDefault(types: ReadonlyMap<number, TypeRow>, oid: number): boolean {
  const type = types.get(oid);
  if (type?.kind !== 'domain') return false;
  return type.hasDefault || hasDomainDefault(types, type.base.oid);
}
