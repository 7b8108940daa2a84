import type { SchemaElement } from 'hyparquet';
import type { Place } from './place.ts';

/** A node of a file's schema with its levels ("Nested Encoding" of the Parquet format). */
export interface SchemaNode {
  readonly element: SchemaElement;
  readonly name: string;
  /** Names from below the root to this node. */
  readonly path: readonly string[];
  /** 0: the file gives none. */
  readonly fieldId: number;
  readonly repeated: boolean;
  readonly nullable: boolean;
  /** The definition level from which on the node is there. */
  readonly definition: number;
  /** How many repeated nodes there are from the root to this node, itself included. */
  readonly repetition: number;
  /** Which of the file's columns a leaf is; −1 for a group. */
  readonly column: number;
  /** Empty for a leaf. */
  readonly children: readonly SchemaNode[];
}

type Above = Pick<SchemaNode, 'path' | 'definition' | 'repetition'>;

/** Levels are kept in bytes. */
const MAX_LEVEL = 255;

/** The nodes below the root of a file's schema. */
export function schemaNodes(elements: readonly SchemaElement[], place: Place): SchemaNode[] {
  let next = 1;
  let columns = 0;
  const visit = (above: Above): SchemaNode => {
    const element = elements[next++];
    if (!element) throw place.corrupt('its schema ends too early');
    assertIntegers(element, place);
    const repeated = element.repetition_type === 'REPEATED';
    const nullable = element.repetition_type === 'OPTIONAL';
    const here = {
      path: [...above.path, element.name],
      definition: above.definition + (repeated || nullable ? 1 : 0),
      repetition: above.repetition + (repeated ? 1 : 0),
    };
    if (here.path.length > MAX_LEVEL) throw place.unsupported('its schema is nested too deeply');
    const isLeaf = element.type !== undefined;
    const column = isLeaf ? columns++ : -1;
    const children = childrenOf(isLeaf ? 0 : element.num_children, here);
    const fieldId = element.field_id ?? 0;
    const { name } = element;
    return { element, name, fieldId, repeated, nullable, column, children, ...here };
  };
  const childrenOf = (count: number | undefined, above: Above): SchemaNode[] => {
    if (count !== undefined && !(count >= 0 && count <= elements.length)) {
      throw place.corrupt('its schema ends too early');
    }
    return Array.from({ length: count ?? 0 }, () => visit(above));
  };
  return childrenOf(elements[0]?.num_children, { path: [], definition: 0, repetition: 0 });
}

/** The types of a decoded footer are only as good as its bytes. */
function assertIntegers(element: SchemaElement, place: Place): void {
  const { type_length, num_children, scale, precision, field_id } = element;
  for (const value of [type_length, num_children, scale, precision, field_id]) {
    if (value !== undefined && !Number.isInteger(value)) {
      throw place.corrupt('its schema is not made as schemas are');
    }
  }
}

/** The leaves at and below nodes, in the order of the file's columns. */
export function leafNodes(nodes: readonly SchemaNode[]): SchemaNode[] {
  return nodes.flatMap((node) => (node.column >= 0 ? [node] : leafNodes(node.children)));
}
