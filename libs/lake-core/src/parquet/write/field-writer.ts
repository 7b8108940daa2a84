import { NULL, PRESENT } from '@cdc-demo/cdc-core';
import type { Column, Field, ListColumn, MapColumn, StructColumn } from '@cdc-demo/cdc-core';
import { isNested } from '../format/schema-element.ts';
import type { NestedType } from '../format/schema-element.ts';
import type { ChunkWriter } from './chunk-writer.ts';
import { nullInRequired, unchangedValue } from './column-mismatch.ts';
import { PresenceStep, RepetitionStep } from './nested-steps.ts';
import type { RowRange } from './page-values.ts';
import { Slots } from './slots.ts';

/** Takes the rows of one top-level column apart for the chunk writers of its leaves. */
export interface FieldWriter {
  /** @throws LakeError `lake/null-in-required-column` */
  append(column: Column, rows: RowRange): void;
}

/** `chunks` yields the chunk writers of all leaves in the order of the schema. */
export function openFieldWriter(field: Field, chunks: Iterator<ChunkWriter>): FieldWriter {
  const { type } = field;
  if (!isNested(type)) return new FlatWriter(field, next(chunks));
  return new NestedWriter({ type, name: field.name, optional: field.nullable }, chunks);
}

class FlatWriter implements FieldWriter {
  readonly #field: Field;
  readonly #chunk: ChunkWriter;

  constructor(field: Field, chunk: ChunkWriter) {
    this.#field = field;
    this.#chunk = chunk;
  }

  append(column: Column, rows: RowRange): void {
    let { from } = rows;
    while (from < rows.to) {
      const to = from + this.#chunk.fitting(column, { from, to: rows.to });
      const present = this.#countPresent(column.presence, { from, to });
      this.#chunk.appendRows(column, { from, to }, present);
      from = to;
    }
  }

  #countPresent(presence: Uint8Array, { from, to }: RowRange): number {
    let all = PRESENT;
    let any = 0;
    let present = 0;
    for (let row = from; row < to; row++) {
      const state = presence[row] ?? 0;
      all &= state;
      any |= state;
      present += state;
    }
    if (all === PRESENT && any === PRESENT) return to - from;
    if ((any & ~PRESENT) !== NULL) throw unchangedValue([this.#field.name]);
    if (!this.#field.nullable) throw nullInRequired([this.#field.name]);
    return present;
  }
}

/** Rows that are taken apart at once: a page may grow past its limit of bytes by so many. */
const NESTED_ROWS = 64;

class NestedWriter implements FieldWriter {
  readonly #node: Node;
  readonly #chunks: ChunkWriter[] = [];
  readonly #slots = new Slots();

  constructor(field: NodeField, chunks: Iterator<ChunkWriter>) {
    this.#node = openNode(field, { path: [], repetition: 0 }, () => {
      const chunk = next(chunks);
      this.#chunks.push(chunk);
      return chunk;
    });
  }

  append(column: Column, rows: RowRange): void {
    let { from } = rows;
    while (from < rows.to) {
      let to = Math.min(rows.to, from + NESTED_ROWS);
      for (const chunk of this.#chunks) to = Math.min(to, from + chunk.room);
      this.#node.append(column, this.#rootSlots(from, to));
      for (const chunk of this.#chunks) chunk.endRows(to - from);
      from = to;
    }
  }

  #rootSlots(from: number, to: number): Slots {
    const slots = this.#slots;
    slots.reset(to - from);
    for (let row = from; row < to; row++) slots.index[row - from] = row;
    slots.length = to - from;
    return slots;
  }
}

/** A node of a nested type; hands its leaves what the slots name of the node's column. */
interface Node {
  append(column: Column, slots: Slots): void;
}

interface NodeField {
  readonly type: Field['type'];
  readonly name: string;
  readonly optional: boolean;
}

interface Above {
  readonly path: readonly string[];
  readonly repetition: number;
}

function openNode(field: NodeField, above: Above, nextChunk: () => ChunkWriter): Node {
  const path = [...above.path, field.name];
  const presence = new PresenceStep(field.optional, path);
  const { type } = field;
  if (isNested(type)) {
    return openGroup({ type, presence }, { path, repetition: above.repetition }, nextChunk);
  }
  const chunk = nextChunk();
  return { append: (column, slots) => chunk.appendSlots(column, presence.apply(column, slots)) };
}

function openGroup(
  { type, presence }: { readonly type: NestedType; readonly presence: PresenceStep },
  here: Above,
  nextChunk: () => ChunkWriter,
): Node {
  const child = (field: Field, name: string, optional = field.nullable): NodeField => ({
    type: field.type,
    name,
    optional,
  });
  if (type.kind === 'struct') {
    const nodes = type.fields.map((field) => openNode(child(field, field.name), here, nextChunk));
    return {
      append(column, slots) {
        const present = presence.apply(column, slots);
        const { fields } = column as StructColumn;
        nodes.forEach((node, i) => {
          const values = fields[i];
          if (values) node.append(values, present);
        });
      },
    };
  }
  const below = { path: here.path, repetition: here.repetition + 1 };
  const elements = new RepetitionStep(below.repetition);
  if (type.kind === 'list') {
    const node = openNode(child(type.element, 'element'), below, nextChunk);
    return {
      append(column, slots) {
        const { offsets, element } = column as ListColumn;
        node.append(element, elements.apply(offsets, presence.apply(column, slots)));
      },
    };
  }
  const keys = openNode(child(type.key, 'key', false), below, nextChunk);
  const values = openNode(child(type.value, 'value'), below, nextChunk);
  return {
    append(column, slots) {
      const { offsets, key, val } = column as MapColumn;
      const entries = elements.apply(offsets, presence.apply(column, slots));
      keys.append(key, entries);
      values.append(val, entries);
    },
  };
}

function next(chunks: Iterator<ChunkWriter>): ChunkWriter {
  const result = chunks.next();
  if (result.done === true) throw new RangeError('There are fewer chunks than leaves');
  return result.value;
}
