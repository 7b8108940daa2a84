import type { ColumnBatch, Field, FieldType, ObjectStore } from '@cdc-demo/cdc-core';
import { openParquet } from '@cdc-demo/lake-core';
import { DeltaError } from '../errors.ts';
import { orMissing } from '../read/missing-file.ts';
import type { Action, Sidecar } from './actions.ts';
import { jsonReader } from './column-json.ts';
import type { JsonReader } from './column-json.ts';
import { LOG_FOLDER } from './log-listing.ts';
import type { CheckpointFiles } from './log-listing.ts';
import { decodeAction } from './parse-action.ts';
import type { ActionName } from './parse-action.ts';
import { readActions } from './read-commit.ts';

/** Rows that are read at a time. */
const BATCH_ROWS = 4096;
/** Typed copies of what stands in text beside them. */
const REDUNDANT: ReadonlySet<string> = new Set(['partitionValues_parsed', 'stats_parsed']);

const ALL: readonly ActionName[] = [
  'protocol',
  'metaData',
  'txn',
  'domainMetadata',
  'add',
  'remove',
  'sidecar',
];
const NAMES = {
  everything: ALL,
  definition: ['protocol', 'metaData'],
  sidecars: ['sidecar'],
  tombstones: ['remove', 'sidecar'],
} as const satisfies Record<string, readonly ActionName[]>;
/** Where sidecars of V2 checkpoints are. */
export const SIDECAR_FOLDER = `${LOG_FOLDER}_sidecars/`;

/**
 * The actions of a checkpoint in batches: classic, in parts, or V2 with its sidecars (Delta
 * protocol, "Checkpoints").
 * @param what `definition` leaves out everything but protocol and metadata, `sidecars` everything
 * but the names of sidecars, `tombstones` everything but removed files and sidecars
 * @throws DeltaError `delta/log-corrupt`, `delta/file-missing`, `delta/snapshot-expired`;
 * what the Parquet reader throws
 */
export async function* readCheckpoint(
  store: ObjectStore,
  checkpoint: CheckpointFiles,
  what: keyof typeof NAMES = 'everything',
): AsyncGenerator<readonly Action[], void, undefined> {
  const names = NAMES[what];
  const sidecars: Sidecar[] = [];
  for (const key of checkpoint.keys) {
    const batches = key.endsWith('.json')
      ? readJsonActions(store, key)
      : readParquetActions(store, key, names);
    for await (const actions of batches) {
      for (const action of actions) if ('sidecar' in action) sidecars.push(action.sidecar);
      yield actions;
    }
  }
  if (what === 'definition' || what === 'sidecars') return;
  for (const { path } of sidecars) yield* readParquetActions(store, sidecarKey(path), names);
}

async function* readJsonActions(
  store: ObjectStore,
  key: string,
): AsyncGenerator<readonly Action[], void, undefined> {
  const actions = await readActions(store, key);
  if (!actions) {
    throw new DeltaError('delta/snapshot-expired', `${key} was removed while it was read`, {
      context: { key },
    });
  }
  yield actions;
}

/** Only the file's name counts: sidecars are in a folder of their own. */
export function sidecarKey(path: string): string {
  const name = decodeURIComponent(path).split('/').at(-1) ?? '';
  return `${SIDECAR_FOLDER}${name}`;
}

async function* readParquetActions(
  store: ObjectStore,
  key: string,
  names: readonly ActionName[],
): AsyncGenerator<readonly Action[], void, undefined> {
  const file = await orMissing(openParquet(store, key), { store, key });
  const fields = file.fields.flatMap((field) => actionField(field, names));
  for await (const { rows } of file.read({ fields, match: 'name', batchRows: BATCH_ROWS })) {
    yield actionsOf(rows, key);
  }
}

/** The part of a checkpoint's column that is asked for. */
function actionField(field: Field, names: readonly ActionName[]): Field[] {
  const isWanted = names.some((name) => name === field.name);
  if (!isWanted || field.type.kind !== 'struct') return [];
  const { fields } = field.type;
  // Statistics may be written in their typed form only.
  const hasText = fields.some(({ name }) => name === 'stats');
  const kept = fields.filter(
    ({ name }) => !REDUNDANT.has(name) || (name === 'stats_parsed' && !hasText),
  );
  const type: FieldType = { kind: 'struct', fields: kept };
  return [{ ...field, type }];
}

function actionsOf(rows: ColumnBatch, key: string): Action[] {
  const actions: Action[] = [];
  const columns = rows.columns.map((column, i) => ({
    presence: column.presence,
    read: jsonReader(column),
    name: rows.fields[i]?.name as ActionName,
  }));
  for (let row = 0; row < rows.length; row++) {
    const column = columns.find(({ presence }) => presence[row] === 1);
    if (column) actions.push(actionOf(column.name, column.read, { row, key }));
  }
  return actions;
}

function actionOf(
  name: ActionName,
  read: JsonReader,
  { row, key }: { readonly row: number; readonly key: string },
): Action {
  try {
    return decodeAction(name, read(row));
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    throw new DeltaError('delta/log-corrupt', `${key}, an action of kind ${name}: ${what}`, {
      context: { key },
      cause,
    });
  }
}
