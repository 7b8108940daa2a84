import type { SchemaNode } from './schema-node.ts';

/** How a group of a file is read as a list. */
export interface ListShape {
  /** The repeated node: an element is exactly where it is. */
  readonly entry: SchemaNode;
  /** `entry` itself in the old two-level form. */
  readonly element: SchemaNode;
}

export interface MapShape {
  readonly entry: SchemaNode;
  readonly key: SchemaNode;
  readonly value: SchemaNode;
}

/**
 * The elements of a list, in all the forms that the Parquet format knows ("Lists",
 * "Backward-compatibility rules"), annotated or not; undefined for a group that is no list.
 *
 * 1. The repeated child is a leaf, or a group of several fields: it is the element.
 * 2. Its one field is repeated itself, or it is called `array` or `<list>_tuple`: the same.
 * 3. Otherwise its one field is the element.
 */
export function listShape(node: SchemaNode): ListShape | undefined {
  const [entry, ...others] = node.children;
  if (!entry?.repeated || others.length > 0) return undefined;
  const [element, ...more] = entry.children;
  if (!element || more.length > 0) return { entry, element: entry }; // 1
  const isElement =
    element.repeated || entry.name === 'array' || entry.name === `${node.name}_tuple`;
  return { entry, element: isElement ? entry : element }; // 2, 3
}

/**
 * Keys and values of a map ("Maps" of the Parquet format), annotated or not, whatever its parts are
 * called; undefined for a group that is no map.
 */
export function mapShape(node: SchemaNode): MapShape | undefined {
  const [entry, ...others] = node.children;
  if (!entry?.repeated || others.length > 0) return undefined;
  const [key, value, ...more] = entry.children;
  if (!key || !value || more.length > 0 || key.repeated) return undefined;
  return { entry, key, value };
}

export function isAnnotatedList({ element }: SchemaNode): boolean {
  return element.converted_type === 'LIST' || element.logical_type?.type === 'LIST';
}

export function isAnnotatedMap({ element }: SchemaNode): boolean {
  const converted = element.converted_type;
  const isMap = converted === 'MAP' || converted === 'MAP_KEY_VALUE';
  return isMap || element.logical_type?.type === 'MAP';
}
