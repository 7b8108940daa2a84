import { ColumnBatch, createColumn } from '@cdc-demo/cdc-core';
import type { Field } from '@cdc-demo/cdc-core';
import { constantColumn } from '@cdc-demo/lake-core';
import { DeleteFiles } from '../deletes/delete-files.ts';
import { IcebergError } from '../errors.ts';
import type { Snapshot, TableMetadata } from '../metadata/table-metadata.ts';
import { DataFileReader } from '../read/data-file-reader.ts';
import { LINEAGE_FIELDS } from '../read/row-lineage.ts';
import { planScan } from '../read/scan.ts';
import type { TableFiles } from '../files/table-files.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { LiveFiles } from '../snapshot/live-files.ts';
import { changedRows } from './changed-rows.ts';
import type { SnapshotRows } from './changed-rows.ts';
import { ChangePairing } from './pair-changes.ts';
import type { ChangedRows } from './pair-changes.ts';
import { stepsBetween } from './snapshot-range.ts';
import type { SnapshotStep } from './snapshot-range.ts';

/** Columns of a change behind those of its row, as Spark's changelog views have them. */
const CHANGE_TYPE: Field = {
  id: 0,
  name: '_change_type',
  type: { kind: 'string' },
  nullable: false,
};
const CHANGE_ORDINAL: Field = {
  id: 0,
  name: '_change_ordinal',
  type: { kind: 'int', bits: 32 },
  nullable: false,
};
const COMMIT_SNAPSHOT_ID: Field = {
  id: 0,
  name: '_commit_snapshot_id',
  type: { kind: 'int', bits: 64 },
  nullable: false,
};

/**
 * Pages are some kilobytes: what lies between those with changed rows costs more than to ask twice.
 */
const GAP_BYTES = 1024;

export interface ChangeOptions {
  /** Names of columns, in the order of the result; by default all. */
  readonly columns?: readonly string[] | undefined;
  /** What every snapshot changed (default), or what differs between the first and the last. */
  readonly mode?: 'every' | 'net' | undefined;
  /** Show an update as its old and new row (default), or as a delete and an insert. */
  readonly updates?: 'paired' | 'separate' | undefined;
  /**
   * Columns whose values tell rows apart, by which rows without a row id of their own are paired;
   * by default the identifier fields of the table.
   */
  readonly identifier?: readonly string[] | undefined;
}

export interface ChangeSource {
  readonly metadata: TableMetadata;
  readonly schema: TableSchema;
  readonly files: TableFiles;
  readonly live: LiveFiles;
}

/**
 * The changes from one snapshot to another, as rows with `_change_type` (`INSERT`, `DELETE`,
 * `UPDATE_BEFORE`, `UPDATE_AFTER`), `_change_ordinal` and `_commit_snapshot_id`. The two rows of an
 * update stand one behind the other. Compaction changes nothing.
 * @param from the snapshot before the first change; undefined for the beginning of the table
 * @throws IcebergError `iceberg/snapshot-expired`, `iceberg/not-an-ancestor`; as reading rows does
 */
export async function* readChanges(
  source: ChangeSource,
  { from, to }: { readonly from: Snapshot | undefined; readonly to: Snapshot },
  options: ChangeOptions,
): AsyncGenerator<ColumnBatch, void, undefined> {
  const every = stepsBetween(source.metadata, from?.id, to);
  const steps =
    options.mode === 'net'
      ? [{ before: from, after: to }]
      : every.filter(({ after }) => after.operation !== 'replace');
  for (const [ordinal, step] of steps.entries()) {
    if (step.before?.id === step.after.id) continue;
    for await (const changes of changesOf(source, step, options)) {
      yield withColumns(changes, ordinal, step.after.id);
    }
  }
}

async function* changesOf(
  source: ChangeSource,
  { before, after }: SnapshotStep,
  { columns, updates = 'paired', identifier }: ChangeOptions,
): AsyncGenerator<ChangedRows, void, undefined> {
  const { schema } = source;
  const names = schema.columns.map(({ name }) => name);
  const outputs = columns ?? names;
  const rest = names.filter((name) => !outputs.includes(name));
  // Rows of tables without row ids are compared by all of their columns.
  const lineage = hasRowIds(after) && (!before || hasRowIds(before));
  const scan = planScan(schema, { columns: [...outputs, ...rest], lineage });
  const fields = scan.columns.map(({ field }) => field);
  const pairing = new ChangePairing([...fields, ...(lineage ? LINEAGE_FIELDS : [])], {
    outputs: outputs.length,
    lineage,
    identifier: identifierPlaces(schema, fields, identifier),
    updates,
  });
  const old = before && (await rowsOf(source, before));
  yield* pairing.pair(changedRows(old, await rowsOf(source, after), scan));
}

function hasRowIds({ firstRowId }: Snapshot): boolean {
  return firstRowId !== undefined;
}

function identifierPlaces(
  { identifierFieldIds }: TableSchema,
  fields: readonly Field[],
  names: readonly string[] | undefined,
): readonly number[] {
  if (!names) return identifierFieldIds.map((id) => fields.findIndex((field) => field.id === id));
  return names.map((name) => {
    const at = fields.findIndex((field) => field.name === name);
    if (at >= 0) return at;
    throw new IcebergError('iceberg/column-missing', `The table has no column ${name}`, {
      context: { column: name },
    });
  });
}

async function rowsOf(
  { metadata, files, live }: ChangeSource,
  at: Snapshot,
): Promise<SnapshotRows> {
  const { data, deletes } = await live.of(at);
  const concerning = new DeleteFiles(deletes, metadata.specs);
  const parts = { metadata, files, deletes: concerning, gapBytes: GAP_BYTES };
  return { data, reader: new DataFileReader(parts) };
}

function withColumns(
  { types, rows }: ChangedRows,
  ordinal: number,
  snapshotId: bigint,
): ColumnBatch {
  const { fields, columns, length } = rows;
  const type = createColumn(CHANGE_TYPE.type);
  for (const each of types) type.appendValue(each);
  const added = [
    type,
    constantColumn(CHANGE_ORDINAL.type, ordinal, length),
    constantColumn(COMMIT_SNAPSHOT_ID.type, snapshotId, length),
  ];
  const described = [CHANGE_TYPE, CHANGE_ORDINAL, COMMIT_SNAPSHOT_ID];
  return ColumnBatch.of([...fields, ...described], [...columns, ...added], length);
}
