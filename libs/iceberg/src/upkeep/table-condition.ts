import type { CompactionFile } from '@cdc-demo/lake-core';
import { partitionKey } from '../manifest/manifest-file.ts';
import type { LiveDataFile } from '../write/live-data-file.ts';

/** A live file, as the policy sees it. */
export interface FileCondition extends CompactionFile {
  readonly file: LiveDataFile;
}

/** The live files in the order of their making. What equality deletes delete is not known. */
export function fileConditions(files: Iterable<LiveDataFile>): FileCondition[] {
  return Array.from(files, fileCondition).sort(({ file: { file: a } }, { file: { file: b } }) => {
    if (a.sequenceNumber !== b.sequenceNumber) return a.sequenceNumber < b.sequenceNumber ? -1 : 1;
    return a.path < b.path ? -1 : 1;
  });
}

function fileCondition(file: LiveDataFile): FileCondition {
  const { vector, positions } = file.deletes;
  const deletedRows = [...(vector ? [vector] : []), ...positions].reduce(
    (sum, { recordCount }) => sum + recordCount,
    0,
  );
  const { sizeBytes: bytes, recordCount: rows } = file.file;
  return {
    file,
    group: partitionKey(file.file),
    bytes,
    rows,
    deletedRows: Math.min(rows, deletedRows),
  };
}
