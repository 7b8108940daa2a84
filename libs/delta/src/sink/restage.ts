import type { Clock, ObjectStore, StagedSnapshot } from '@cdc-demo/cdc-core';
import type { FileLayout } from '@cdc-demo/lake-core';
import { stageCompaction } from '../compaction/stage-compaction.ts';
import type { AddFile } from '../log/actions.ts';
import { toFields } from '../schema/to-fields.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { SCHEMA_DOMAIN, parseColumnsDomain } from './columns-domain.ts';
import { asStaged, numRecords } from './staged-files.ts';

export interface RestageContext {
  readonly store: ObjectStore;
  readonly layout: FileLayout;
  readonly clock: Clock;
}

/** The live rows of an unpublished table in files without deletion vectors, as rows of a stage. */
export async function restage(
  context: RestageContext,
  snapshot: Snapshot,
): Promise<StagedSnapshot> {
  const schema = snapshot.domains.get(SCHEMA_DOMAIN);
  if (!schema) throw new Error(`${context.store.url}: the unpublished table has no columns`);
  const columns = parseColumnsDomain(toFields(snapshot.schema), schema);
  const { fields } = columns;
  const pause = (): Promise<void> => Promise.resolve();
  const files: AddFile[] = [];
  for (const add of [...snapshot.files()]) {
    if (!add.deletionVector) {
      // A checkpoint of the unpublished table says of its files that they only rearrange rows.
      files.push({ ...add, dataChange: true });
      continue;
    }
    // Some readers take deleted rows for inserts of the first version, and a table whose readers
    // know no deletion vectors shall have none.
    const { outputs } = await stageCompaction({ context, snapshot, fields, files: [add], pause });
    files.push(...outputs.map(({ file }) => file));
  }
  return asStaged({
    rows: files.reduce((sum, add) => sum + numRecords(add), 0),
    bytes: files.reduce((sum, { size }) => sum + size, 0),
    columns,
    files,
  });
}
