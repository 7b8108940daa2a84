import type { StagedSnapshot } from '@cdc-demo/cdc-core';
import { copyRows } from '@cdc-demo/lake-core';
import type { TableVersion } from '../catalog/table-catalog.ts';
import type { CommitTarget } from '../commit/commit-target.ts';
import { TableCommits } from '../commit/table-commits.ts';
import { commitWriter } from '../commit/upsert-commit.ts';
import type { FileRecord } from '../manifest/write-manifest.ts';
import { boundSpec } from '../partition/partition-columns.ts';
import { hasDeletes } from '../write/live-data-file.ts';
import type { LiveDataFile } from '../write/live-data-file.ts';
import type { TableContext } from './sink-options.ts';
import { asStaged } from './staged-files.ts';
import { tableColumns } from './table-state.ts';

/** The live rows of an unpublished table in files without deletes, as rows of a stage. */
export async function restage(
  context: TableContext,
  version: TableVersion,
): Promise<StagedSnapshot> {
  const { metadata } = version;
  const columns = tableColumns(version);
  if (!columns) throw new Error(`${context.store.url}: the unpublished table has no columns`);
  const target = await new TableCommits(context, version).target(columns);
  const files: FileRecord[] = [];
  for (const file of target.rows.files) {
    if (hasDeletes(file)) files.push(...(await rewritten(context, file, target)));
    else files.push(file.record());
  }
  return asStaged({
    rows: files.reduce((sum, file) => sum + Number(file.record_count), 0),
    bytes: files.reduce((sum, file) => sum + Number(file.file_size_in_bytes), 0),
    columns,
    spec: boundSpec(metadata, metadata.defaultSpecId).spec,
    files,
  });
}

/** A file without its deleted rows: a new table begins without delete files. */
async function rewritten(
  context: TableContext,
  file: LiveDataFile,
  target: CommitTarget,
): Promise<readonly FileRecord[]> {
  const { outputs } = await copyRows({
    files: [file],
    reader: target.rows.openReader(),
    writer: commitWriter(context, target),
    keys: undefined,
    clock: context.clock,
    pause: () => Promise.resolve(),
  });
  return outputs.map((output) => output.file.record());
}
