import { ColumnBatch, createColumn } from '@cdc-demo/cdc-core';
import type { Field, FieldValue } from '@cdc-demo/cdc-core';
import { RowDigester, digestKey, keepRows } from '@cdc-demo/lake-core';
import { CHANGE_TYPE } from '../changes/change-fields.ts';
import { inferChanges } from '../changes/inferred-changes.ts';
import type { InferredChanges } from '../changes/inferred-changes.ts';
import { assertAdditive } from '../changes/schema-change.ts';
import type { DeltaTable } from '../delta-table.ts';
import { DeltaError } from '../errors.ts';
import type { Action, AddFile } from '../log/actions.ts';
import { logicalFileKey } from '../log/logical-file-key.ts';
import { DataFileReader } from '../read/data-file-reader.ts';
import { project } from '../read/projection.ts';
import { toFields } from '../schema/to-fields.ts';
import { SCHEMA_DOMAIN, parseColumnsDomain } from '../sink/columns-domain.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import type { ChangeType } from './changed-rows.ts';

type Side = InferredChanges['changeType'];

export interface DiffOptions {
  readonly from: bigint;
  readonly to: bigint;
  /**
   * Names of columns whose values tell rows apart: a row that was replaced by one of the same key
   * is an update; without them it is a delete and an insert. By default those by which the table's
   * writer of this library tells rows apart.
   */
  readonly key?: readonly string[] | undefined;
}

/**
 * The rows that two versions differ in, with `_change_type` behind the columns of `to`: first those
 * of `from` (`delete`, `update_preimage`), then those of `to` (`insert`, `update_postimage`). It
 * needs no change feed and sees no state between the two. Only files that are not in both versions
 * are read; rows that only moved between files are left out. Memory grows by some 100 bytes with
 * each row of the files that differ.
 * @throws DeltaError `delta/feed-schema-change` when columns were renamed, dropped or retyped
 * between the two; as `DeltaTable.rows`
 */
export async function* diffVersions(
  table: DeltaTable,
  { from, to, key: named }: DiffOptions,
): AsyncGenerator<ColumnBatch, void, undefined> {
  const before = await table.snapshot({ version: from });
  const after = await table.snapshot({ version: to });
  assertAdditive(before, after);
  const projection = project(after);
  const actions = netActions(before, after);
  const reader = new DataFileReader(table.store, table.readOptions);
  const read = (): AsyncGenerator<InferredChanges> =>
    inferChanges(actions, reader, { projection, findFile: () => Promise.resolve(undefined) });
  const key = named ?? keyOf(after);
  const differing = new DifferingRows(projection.fields, key);
  for await (const changes of read()) differing.count(changes);
  differing.counted();
  if (key.length > 0) for await (const changes of read()) differing.noteKeys(changes);
  for await (const changes of read()) {
    const rows = differing.take(changes);
    if (rows.length > 0) yield rows;
  }
}

function keyOf({ schema, domains }: Snapshot): readonly string[] {
  const domain = domains.get(SCHEMA_DOMAIN);
  return domain ? parseColumnsDomain(toFields(schema), domain).key : [];
}

/** What a commit would say that leads from one snapshot to another. */
function netActions(before: Snapshot, after: Snapshot): Action[] {
  const gone = new Map<string, AddFile>();
  for (const file of before.files()) gone.set(logicalFileKey(file), file);
  const added: Action[] = [];
  for (const file of after.files()) {
    if (!gone.delete(logicalFileKey(file))) added.push({ add: { ...file, dataChange: true } });
  }
  const removed = Array.from(gone.values(), ({ path, size, partitionValues, deletionVector }) => ({
    remove: {
      path,
      size,
      partitionValues,
      dataChange: true,
      extendedFileMetadata: true,
      ...(deletionVector ? { deletionVector } : {}),
    },
  }));
  return [...removed, ...added];
}

/**
 * Tells rows that differ from rows that are on both sides. Call order over all changes: `count`
 * and then `counted`; `noteKeys` where there are keys; `take`.
 */
class DifferingRows {
  readonly #fields: readonly Field[];
  readonly #key: readonly number[];
  readonly #digester = new RowDigester();
  /** By digest of a row: how many times more it was before than after. */
  readonly #surplus = new Map<string, number>();
  readonly #keys = { delete: new Set<string>(), insert: new Set<string>() };

  constructor(fields: readonly Field[], key: readonly string[]) {
    this.#fields = fields;
    this.#key = key.map((name) => {
      const at = fields.findIndex((field) => field.name === name);
      if (at >= 0) return at;
      throw new DeltaError('delta/column-missing', `The table has no column ${name}`, {
        context: { column: name },
      });
    });
  }

  count({ changeType, rows }: InferredChanges): void {
    const step = changeType === 'delete' ? 1 : -1;
    for (let row = 0; row < rows.length; row++) {
      const id = this.#idOf(rows.row(row));
      this.#surplus.set(id, (this.#surplus.get(id) ?? 0) + step);
    }
  }

  /** Forgets rows that are on both sides. */
  counted(): void {
    for (const [id, surplus] of this.#surplus) if (surplus === 0) this.#surplus.delete(id);
  }

  noteKeys({ changeType, rows }: InferredChanges): void {
    for (let row = 0; row < rows.length; row++) {
      const values = rows.row(row);
      if (this.#differs(changeType, this.#idOf(values))) {
        this.#keys[changeType].add(this.#keyOf(values));
      }
    }
  }

  /** The rows of a batch that differ, each as often as it does over all calls. */
  take({ changeType, rows }: InferredChanges): ColumnBatch {
    const dropped = new Uint8Array(rows.length);
    const changeTypes = createColumn(CHANGE_TYPE.type, rows.length);
    for (let row = 0; row < rows.length; row++) {
      const values = rows.row(row);
      const id = this.#idOf(values);
      if (!this.#differs(changeType, id)) {
        dropped[row] = 1;
        continue;
      }
      const left = this.#surplus.get(id) ?? 0;
      this.#surplus.set(id, changeType === 'delete' ? left - 1 : left + 1);
      changeTypes.appendValue(this.#changeTypeOf(changeType, values));
    }
    const kept = keepRows(rows, dropped);
    return ColumnBatch.of(
      [...kept.fields, CHANGE_TYPE],
      [...kept.columns, changeTypes],
      kept.length,
    );
  }

  #changeTypeOf(side: Side, values: readonly FieldValue[]): ChangeType {
    if (this.#key.length === 0) return side;
    const key = this.#keyOf(values);
    if (side === 'delete') return this.#keys.insert.has(key) ? 'update_preimage' : 'delete';
    return this.#keys.delete.has(key) ? 'update_postimage' : 'insert';
  }

  #differs(side: Side, id: string): boolean {
    const surplus = this.#surplus.get(id) ?? 0;
    return side === 'delete' ? surplus > 0 : surplus < 0;
  }

  #idOf(values: readonly FieldValue[]): string {
    return digestKey(this.#digester.digest(this.#fields, values));
  }

  #keyOf(values: readonly FieldValue[]): string {
    const fields = this.#key.flatMap((at) => this.#fields[at] ?? []);
    const key = this.#key.map((at) => values[at] ?? null);
    return digestKey(this.#digester.digest(fields, key));
  }
}
