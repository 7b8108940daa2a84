import type { CompactionFile } from '@cdc-demo/lake-core';
import type { AddFile } from '../log/actions.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { countPhysicalRecords } from '../table-info.ts';

/** A live file, as the policy sees it. */
export interface FileCondition extends CompactionFile {
  readonly add: AddFile;
}

/**
 * The live files in the order of their making. One whose rows nobody has counted has at least the
 * deleted ones.
 */
export function fileConditions(snapshot: Snapshot): FileCondition[] {
  const files = [...snapshot.files()].map(fileCondition);
  return files.sort(
    ({ add: a }, { add: b }) =>
      a.modificationTime - b.modificationTime || (a.path < b.path ? -1 : 1),
  );
}

function fileCondition(add: AddFile): FileCondition {
  const deletedRows = add.deletionVector?.cardinality ?? 0;
  const rows = countPhysicalRecords(add) ?? deletedRows;
  const group = JSON.stringify(Object.entries(add.partitionValues).sort());
  return { add, group, bytes: add.size, rows, deletedRows };
}
