import { describe, expect, test } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field, FieldValue } from '@cdc-demo/cdc-core';
import { DeletionVector } from '../deletion-vector/deletion-vector.ts';
import { indexRows } from './index-rows.ts';
import { KeyBlock } from './key-block.ts';
import { KeyEncoder } from './key-encoder.ts';
import { KeyIndex } from './key-index.ts';

const fields: readonly Field[] = [
  { id: 1, name: 'id', type: { kind: 'int', bits: 32 }, nullable: false },
];
const encoder = new KeyEncoder(fields, new Uint8Array(16));

function columnsOf(keys: readonly FieldValue[]) {
  const batch = new ColumnBatch(fields);
  for (const key of keys) batch.appendRow([key]);
  return batch.columns;
}

function locationOf(index: KeyIndex, key: number): [number, number] | undefined {
  const block = new KeyBlock(1);
  encoder.encode(columnsOf([key]), { start: 0, end: 1 }, block);
  return index.seek(block.words, 0) ? [index.file, index.row] : undefined;
}

describe('indexRows', () => {
  test('finds every row of a file, but not those its deletion vector has', () => {
    const index = new KeyIndex({ width: 1, seed: 1 });
    const keys = Array.from({ length: 1_500 }, (_, i) => i * 3);
    const deleted = DeletionVector.of([100, 105, 1_599, 1_600, 7]);
    const result = indexRows(index, encoder, {
      columns: columnsOf(keys),
      length: keys.length,
      file: 4,
      firstRow: 100,
      deleted,
    });
    expect(result).toEqual({ added: 1_497, duplicates: 0, incomplete: 0 });
    expect(locationOf(index, 0)).toBeUndefined();
    expect(locationOf(index, 15)).toBeUndefined();
    expect(locationOf(index, 3)).toEqual([4, 101]);
    expect(locationOf(index, 1_498 * 3)).toEqual([4, 1_598]);
  });

  test('keeps the known location of a duplicate, or replaces it, and reports it', () => {
    for (const onDuplicate of ['keep', 'replace'] as const) {
      const index = new KeyIndex({ width: 1, seed: 1 });
      indexRows(index, encoder, { columns: columnsOf([1, 2]), length: 2, file: 1, firstRow: 0 });
      const result = indexRows(index, encoder, {
        columns: columnsOf([3, 2, null, 1]),
        length: 4,
        file: 2,
        firstRow: 10,
        onDuplicate,
      });
      expect(result).toEqual({
        added: 1,
        duplicates: 2,
        incomplete: 1,
        firstDuplicate: { file: 2, row: 11, knownFile: 1, knownRow: 1 },
      });
      expect(locationOf(index, 1)).toEqual(onDuplicate === 'keep' ? [1, 0] : [2, 13]);
    }
  });
});
