import type { Field, FieldType } from '@cdc-demo/cdc-core';
import { isAnnotatedList, isAnnotatedMap, listShape, mapShape } from './nested-shape.ts';
import type { Place } from './place.ts';
import type { SchemaNode } from './schema-node.ts';
import { fieldTypeOf, storedType } from './stored-type.ts';

/** The fields that a file's own schema declares. */
export function fileFields(nodes: readonly SchemaNode[], place: Place): Field[] {
  return nodes.map((node) => fieldOf(node, node.name, place));
}

/** A repeated node that stands in no list is a list of what it repeats. */
function fieldOf(node: SchemaNode, name: string, place: Place): Field {
  const id = node.fieldId;
  if (!node.repeated) return { id, name, type: typeOf(node, place), nullable: node.nullable };
  return { id, name, type: { kind: 'list', element: elementOf(node, place) }, nullable: false };
}

/** A repeated node as the element that it repeats. */
function elementOf(node: SchemaNode, place: Place): Field {
  return { id: 0, name: 'element', type: typeOf(node, place), nullable: false };
}

/** The type of a node, its repetition left out. */
function typeOf(node: SchemaNode, place: Place): FieldType {
  if (node.column >= 0) return fieldTypeOf(storedType(node, place.at(node.path)));
  const map = isAnnotatedMap(node) ? mapShape(node) : undefined;
  if (map) {
    const key = fieldOf(map.key, 'key', place);
    return { kind: 'map', key, value: fieldOf(map.value, 'value', place) };
  }
  const list = isAnnotatedList(node) ? listShape(node) : undefined;
  if (!list) return { kind: 'struct', fields: fileFields(node.children, place) };
  const { entry, element } = list;
  return {
    kind: 'list',
    element: element === entry ? elementOf(entry, place) : fieldOf(element, 'element', place),
  };
}
