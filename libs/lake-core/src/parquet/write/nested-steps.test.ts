import { describe, expect, test } from '@jest/globals';
import { createColumn } from '@cdc-demo/cdc-core';
import type { FieldType, FieldValue, ListColumn } from '@cdc-demo/cdc-core';
import { PresenceStep, RepetitionStep } from './nested-steps.ts';
import { Slots } from './slots.ts';

const element = (name: string, type: FieldType) => ({ id: 0, name, type, nullable: true });
const listOf = (type: FieldType): FieldType => ({ kind: 'list', element: element('e', type) });

function columnOf(type: FieldType, values: readonly FieldValue[]) {
  const column = createColumn(type);
  for (const value of values) column.appendValue(value);
  return column;
}

function rows(count: number): Slots {
  const slots = new Slots();
  slots.reset(count);
  for (let row = 0; row < count; row++) slots.index[row] = row;
  slots.length = count;
  return slots;
}

const shown = ({ repetition, definition, index, length }: Slots) => ({
  repetition: [...repetition.subarray(0, length)],
  definition: [...definition.subarray(0, length)],
  index: [...index.subarray(0, length)],
});

describe('levels', () => {
  test('null, empty and full lists of an optional list are told apart', () => {
    const lists = columnOf(listOf({ kind: 'date' }), [null, [], [7, null, 9]]) as ListColumn;
    const present = new PresenceStep(true, ['l']).apply(lists, rows(3));
    expect(shown(present)).toEqual({
      repetition: [0, 0, 0],
      definition: [0, 1, 1],
      index: [-1, 1, 2],
    });
    const elements = new RepetitionStep(1).apply(lists.offsets, present);
    const leaves = new PresenceStep(true, ['l', 'element']).apply(lists.element, elements);
    expect(shown(leaves)).toEqual({
      repetition: [0, 0, 0, 1, 1],
      definition: [0, 1, 3, 2, 3],
      index: [-1, -1, 0, -1, 2],
    });
  });

  test('lists of lists repeat at the level at which they go on', () => {
    const type = listOf(listOf({ kind: 'string' }));
    const values = [
      [
        ['a', 'b', 'c'],
        ['d', 'e'],
      ],
      [['f', 'g'], ['h']],
      [[], null],
    ];
    const outer = columnOf(type, values) as ListColumn;
    const inner = outer.element as ListColumn;
    const first = new RepetitionStep(1).apply(
      outer.offsets,
      new PresenceStep(true, ['l']).apply(outer, rows(3)),
    );
    const second = new RepetitionStep(2).apply(
      inner.offsets,
      new PresenceStep(true, ['l', 'element']).apply(inner, first),
    );
    const leaves = new PresenceStep(true, ['l', 'element', 'element']).apply(inner.element, second);
    expect(shown(leaves)).toEqual({
      repetition: [0, 2, 2, 1, 2, 0, 2, 1, 0, 1],
      definition: [5, 5, 5, 5, 5, 5, 5, 5, 3, 2],
      index: [0, 1, 2, 3, 4, 5, 6, 7, -1, -1],
    });
  });

  test('a required node raises no level', () => {
    const column = columnOf({ kind: 'date' }, [1, 2]);
    const slots = new PresenceStep(false, ['d']).apply(column, rows(2));
    expect(shown(slots)).toEqual({ repetition: [0, 0], definition: [0, 0], index: [0, 1] });
  });
});
