import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import { constantColumn } from '@cdc-demo/lake-core';
import { DeltaError } from '../errors.ts';
import type { Action, AddCdcFile } from '../log/actions.ts';
import type { CommitHistory } from '../log/commit-history.ts';
import { logicalFileKey } from '../log/logical-file-key.ts';
import { DataFileReader } from '../read/data-file-reader.ts';
import type { ReadOptions } from '../read/data-file-reader.ts';
import { project } from '../read/projection.ts';
import type { Projection } from '../read/projection.ts';
import { openSnapshot, readCommits } from '../snapshot/open-snapshot.ts';
import { readDefinition, withVersion } from '../snapshot/read-definition.ts';
import type { VersionDefinition } from '../snapshot/read-definition.ts';
import { TableState } from '../snapshot/table-state.ts';
import { CHANGE_FIELDS, CHANGE_TYPE } from './change-fields.ts';
import { inferChanges } from './inferred-changes.ts';
import { assertAdditive } from './schema-change.ts';

export interface ChangeRange {
  /** First and last version, both included. */
  readonly first: bigint;
  readonly last: bigint;
  /** Columns of the table in the order of the result; by default all. */
  readonly columns?: readonly string[];
}

/** Where changes are read from. */
export interface ChangeSource extends ReadOptions {
  readonly store: ObjectStore;
  readonly history: CommitHistory;
}

/**
 * The change feed of versions in their order (Delta protocol, "Add CDC File"), in the schema of the
 * last one, with `_change_type`, `_commit_version` and `_commit_timestamp` behind the columns. A
 * batch holds changes of one version. Of an inferred version the deletes come before the inserts.
 * @throws DeltaError `delta/version-missing`, `delta/feed-off`, `delta/feed-schema-change`, and
 * what reading the log and data files throws
 */
export async function* readChanges(
  source: ChangeSource,
  range: ChangeRange,
): AsyncGenerator<ColumnBatch, void, undefined> {
  const { store, history } = source;
  const files = history.files(range.first, range.last);
  if (BigInt(files.length) !== range.last - range.first + 1n) throw missing(range, history);
  const last = await readDefinition(store, range.last);
  const projection = project(last, range.columns);
  const reader = new DataFileReader(store, source);
  let current = await readDefinition(store, range.first);
  for await (const { file, actions } of readCommits(store, files)) {
    const { version } = file;
    if (version > range.first) current = definitionAfter(current, actions, version);
    assertFeed(current);
    assertAdditive(current, last);
    const stamp = { version, timestampMs: history.timeMs(version, actions) };
    const findFile = previousFiles(store, version);
    for await (const rows of commitChanges(actions, reader, { projection, findFile })) {
      if (rows.length > 0) yield stamped(rows, stamp);
    }
  }
}

interface Reading {
  readonly projection: Projection;
  readonly findFile: Parameters<typeof inferChanges>[2]['findFile'];
}

/** Rows of the projection and `_change_type`. */
async function* commitChanges(
  actions: readonly Action[],
  reader: DataFileReader,
  reading: Reading,
): AsyncGenerator<ColumnBatch, void, undefined> {
  const cdc = actions.flatMap((action): AddCdcFile[] => ('cdc' in action ? [action.cdc] : []));
  if (cdc.length > 0) {
    // What else is in the commit says the same again.
    const projection = withChangeType(reading.projection);
    for (const file of cdc) yield* reader.liveRows(file, projection);
    return;
  }
  for await (const { changeType, rows } of inferChanges(actions, reader, reading)) {
    const column = constantColumn(CHANGE_TYPE.type, changeType, rows.length);
    yield ColumnBatch.of([...rows.fields, CHANGE_TYPE], [...rows.columns, column], rows.length);
  }
}

function withChangeType(projection: Projection): Projection {
  const at = projection.fields.length;
  return {
    ...projection,
    fields: [...projection.fields, CHANGE_TYPE],
    data: [...projection.data, { at, physical: CHANGE_TYPE }],
  };
}

function stamped(
  rows: ColumnBatch,
  { version, timestampMs }: { readonly version: bigint; readonly timestampMs: number },
): ColumnBatch {
  const values = [version, BigInt(timestampMs) * 1000n];
  const added = CHANGE_FIELDS.slice(1);
  const columns = added.map(({ type }, i) => constantColumn(type, values[i] ?? 0n, rows.length));
  return ColumnBatch.of([...rows.fields, ...added], [...rows.columns, ...columns], rows.length);
}

function definitionAfter(
  current: VersionDefinition,
  actions: readonly Action[],
  version: bigint,
): VersionDefinition {
  if (!actions.some((action) => 'protocol' in action || 'metaData' in action)) {
    return { ...current, version };
  }
  const state = new TableState();
  state.apply({ protocol: current.protocol });
  state.apply({ metaData: current.metadata });
  for (const action of actions) {
    if ('protocol' in action || 'metaData' in action) state.apply(action);
  }
  return withVersion(state.definition(), version);
}

function assertFeed({ metadata, version }: VersionDefinition): void {
  if (metadata.configuration['delta.enableChangeDataFeed']?.toLowerCase() === 'true') return;
  throw new DeltaError(
    'delta/feed-off',
    `The table has no change feed at version ${version}: it was not enabled then`,
    { context: { version } },
  );
}

/** The files before a version, read when somebody asks and not before. */
function previousFiles(store: ObjectStore, version: bigint): Reading['findFile'] {
  let before: ReturnType<typeof openSnapshot> | undefined;
  return async (remove) => {
    before ??= openSnapshot(store, { version: version - 1n });
    return (await before).file(logicalFileKey(remove));
  };
}

function missing({ first, last }: ChangeRange, history: CommitHistory): DeltaError {
  const range = history.range;
  const kept = range ? `the log has versions ${range.first} to ${range.last}` : 'the log is empty';
  return new DeltaError(
    'delta/version-missing',
    `Changes of versions ${first} to ${last} cannot be read: ${kept}`,
    { context: { first, last } },
  );
}
