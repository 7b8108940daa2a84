import type { ColumnBatch, Field, FieldValue } from '@cdc-demo/cdc-core';
import { CHANGE_FIELDS } from '../changes/change-fields.ts';

/** What happened to a row (Delta protocol, "Add CDC File"). */
export type ChangeType = 'insert' | 'update_preimage' | 'update_postimage' | 'delete';

/** A row of a change feed, its own columns apart from those that the feed adds. */
export interface ChangedRow {
  readonly changeType: ChangeType;
  readonly version: bigint;
  readonly timestampMs: number;
  readonly fields: readonly Field[];
  readonly values: readonly FieldValue[];
}

/** The rows of batches that `DeltaTable.changes` gives, one by one. */
export async function* changedRows(
  batches: AsyncIterable<ColumnBatch>,
): AsyncGenerator<ChangedRow, void, undefined> {
  for await (const batch of batches) {
    const width = batch.fields.length - CHANGE_FIELDS.length;
    const fields = batch.fields.slice(0, width);
    for (let row = 0; row < batch.length; row++) {
      const values = batch.row(row);
      const [changeType, version, timestampUs] = values.splice(width);
      yield {
        changeType: changeType as ChangeType,
        version: version as bigint,
        timestampMs: Number((timestampUs as bigint) / 1000n),
        fields,
        values,
      };
    }
  }
}

/** Does the row exist after the change, or did it before? */
export function isAfterImage(changeType: ChangeType): boolean {
  return changeType === 'insert' || changeType === 'update_postimage';
}
