import { describe, expect, it } from '@jest/globals';
import { createColumn } from '@cdc-demo/cdc-core';
import type { BytesColumn, Field, FieldType, FieldValue } from '@cdc-demo/cdc-core';
import { convertColumn } from './convert-column.ts';
import { tableType } from '../table-columns/table-types.ts';
import { PLAIN_TYPES } from '../table-columns/table-types.fixture.ts';

const UUID = '0188f3a2-00ff-4abc-8def-0123456789ab';
const f = (name: string, type: FieldType): Field => ({ id: 0, name, type, nullable: true });

function converted(type: FieldType, values: readonly FieldValue[]): FieldValue[] {
  const column = createColumn(type);
  for (const value of values) column.appendValue(value);
  column.appendUnchanged();
  const wanted = tableType(type, PLAIN_TYPES);
  const table = convertColumn(column, wanted);
  expect(table.type).toEqual(wanted);
  expect(table.length).toBe(values.length + 1);
  expect(table.presence[values.length]).toBe(2);
  return values.map((_, row) => table.value(row));
}

describe('convertColumn', () => {
  it('writes uuids as text', () => {
    expect(converted({ kind: 'uuid' }, [UUID, null, UUID])).toEqual([UUID, null, UUID]);
  });

  it('writes them as if each had been appended, the lengths before them included', () => {
    const column = createColumn({ kind: 'uuid' });
    const appended = createColumn({ kind: 'string' }) as BytesColumn;
    for (const value of [UUID, null, UUID, UUID]) {
      column.appendValue(value);
      appended.appendValue(value);
    }
    const { data, ends } = convertColumn(column, appended.type) as BytesColumn;
    expect(Buffer.from(data)).toEqual(Buffer.from(appended.data.subarray(0, ends[4])));
  });

  it('writes times as text, 24:00:00 included', () => {
    const values = [0n, null, 86_399_999_999n, 86_400_000_000n, 3_723_000_042n];
    expect(converted({ kind: 'time' }, values)).toEqual([
      '00:00:00.000000',
      null,
      '23:59:59.999999',
      '24:00:00.000000',
      '01:02:03.000042',
    ]);
  });

  it('converts below lists, maps and structs', () => {
    const uuid = f('element', { kind: 'uuid' });
    expect(converted({ kind: 'list', element: uuid }, [[UUID, null], [], null])).toEqual([
      [UUID, null],
      [],
      null,
    ]);
    const map: FieldType = {
      kind: 'map',
      key: f('key', { kind: 'uuid' }),
      value: f('value', { kind: 'time' }),
    };
    expect(converted(map, [[[UUID, 1n]], null])).toEqual([[[UUID, '00:00:00.000001']], null]);
    const struct: FieldType = {
      kind: 'struct',
      fields: [f('t', { kind: 'time' }), f('n', { kind: 'int', bits: 16 })],
    };
    expect(converted(struct, [{ t: 1n, n: 7 }, null])).toEqual([
      { t: '00:00:00.000001', n: 7 },
      null,
    ]);
  });

  it('gives columns back that stay the same', () => {
    const column = createColumn({ kind: 'int', bits: 64 });
    expect(convertColumn(column, { kind: 'int', bits: 64 })).toBe(column);
    const list = createColumn({ kind: 'list', element: f('element', { kind: 'string' }) });
    expect(convertColumn(list, tableType(list.type, PLAIN_TYPES))).toBe(list);
  });

  it('relabels json and required elements', () => {
    expect(converted({ kind: 'json' }, ['{"a":1}', null])).toEqual(['{"a":1}', null]);
    const element = { ...f('element', { kind: 'string' }), nullable: false };
    expect(converted({ kind: 'list', element }, [['x'], null])).toEqual([['x'], null]);
  });
});
