import { Int64Column, NULL } from '@cdc-demo/cdc-core';
import type { Column, Field } from '@cdc-demo/cdc-core';
import type { ContentFile } from '../manifest/manifest-file.ts';

const LONG = { kind: 'int', bits: 64 } as const;

/** Of rows that were in another file before (table specification, "Row Lineage"). */
export const ROW_ID = { id: 2147483540, name: '_row_id', type: LONG, nullable: true } as const;
export const LINEAGE_FIELDS: readonly Field[] = [
  ROW_ID,
  { id: 2147483539, name: '_last_updated_sequence_number', type: LONG, nullable: true },
];

/**
 * The row ids and last updated sequence numbers of rows of a file.
 * @param stored those that the file has
 * @param positions of the rows in the file
 */
export function lineageColumns(
  [ids, sequences]: readonly Column[],
  { firstRowId, sequenceNumber }: ContentFile,
  positions: readonly number[],
): readonly Column[] {
  const rowIds = new Int64Column(LONG, positions.length);
  const updated = new Int64Column(LONG, positions.length);
  for (const [row, position] of positions.entries()) {
    if (ids && ids.presence[row] !== NULL) rowIds.appendFrom(ids as Int64Column, row);
    else {
      rowIds.appendValue(firstRowId === undefined ? null : firstRowId + BigInt(position));
    }
    if (sequences && sequences.presence[row] !== NULL) {
      updated.appendFrom(sequences as Int64Column, row);
    } else updated.appendValue(firstRowId === undefined ? null : sequenceNumber);
  }
  return [rowIds, updated];
}
