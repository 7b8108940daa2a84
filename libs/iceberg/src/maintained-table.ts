import type { Clock, Field, FieldType, ObjectStore } from '@cdc-demo/cdc-core';
import { tableType } from '@cdc-demo/lake-core';
import type { ColumnChange, FileLayout, TableColumns } from '@cdc-demo/lake-core';
import type { MetadataUpdate } from './catalog/metadata-update.ts';
import type { TableCommits } from './commit/table-commits.ts';
import { changeMetadata } from './commit/until-committed.ts';
import { optimizeTable } from './compaction/optimize.ts';
import type { OptimizeOptions, OptimizeResult } from './compaction/optimize.ts';
import { IcebergError } from './errors.ts';
import { columnUpdates, identifierUpdates } from './evolve/change-columns.ts';
import type { TableMetadata } from './metadata/table-metadata.ts';
import {
  MAIN,
  createRef,
  dropRef,
  replaceRef,
  rollbackTo,
  setCurrentSnapshot,
} from './refs/change-refs.ts';
import type { BranchOptions, TagOptions } from './refs/change-refs.ts';
import { TABLE_TYPES } from './schema/table-types.ts';
import { POSITION_PROPERTY } from './sink/table-position.ts';
import { expireTable, removeTableOrphans } from './upkeep/clean-table.ts';
import type { ExpireOptions, ExpireResult, RemoveOrphansOptions } from './upkeep/clean-table.ts';
import type { OrphansResult } from './upkeep/remove-orphans.ts';

export interface MaintainedParts {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly layout: FileLayout;
  readonly commits: TableCommits;
  /** The columns of the newest version. */
  readonly columns: () => TableColumns;
  /** Called after a commit beside those of rows, with what it changed of the columns. */
  readonly changed: (change?: ColumnChange) => void;
}

/**
 * What is done to a table beside its rows: columns, branches and tags in metadata alone, and
 * upkeep. Each call meets the newest version, whoever made it.
 */
export class MaintainedTable {
  readonly #parts: MaintainedParts;

  protected constructor(parts: MaintainedParts) {
    this.#parts = parts;
  }

  /**
   * Adds a last column, which is NULL in the rows so far.
   * @returns the id of the schema that the table has then; as all other changes of columns
   * @throws IcebergError `iceberg/schema-change` when a column has its name, case left aside, or it
   * may not be NULL
   */
  addColumn(field: Field): Promise<number> {
    const added = { ...field, id: 0, type: tableType(field.type, TABLE_TYPES) };
    return this.#changeColumn({ kind: 'add', field: added, sourceId: 0 });
  }

  /** @throws IcebergError `iceberg/column-missing`, `iceberg/schema-change` */
  renameColumn(name: string, to: string): Promise<number> {
    return this.#changeColumn({ kind: 'rename', name, to });
  }

  /**
   * Drops a column; its values stay in files and older snapshots, and its id is not used again.
   * @throws IcebergError `iceberg/column-missing`; `iceberg/schema-change` for a column of the key,
   * the partition or a sort order
   */
  dropColumn(name: string): Promise<number> {
    return this.#changeColumn({ kind: 'drop', name });
  }

  /**
   * Gives a column a type that holds all of its values: long for int, double for float, more
   * digits of a decimal.
   * @throws IcebergError `iceberg/column-missing`; `iceberg/schema-change` for another type
   */
  widenColumn(name: string, type: FieldType): Promise<number> {
    return this.#changeColumn({ kind: 'widen', name, type: tableType(type, TABLE_TYPES) });
  }

  /**
   * Says which columns tell rows apart: such that are never NULL, and no floats.
   * @throws IcebergError `iceberg/column-missing`, `iceberg/schema-change`
   */
  setIdentifierFields(names: readonly string[]): Promise<number> {
    return this.#changeSchema((columns) =>
      identifierUpdates(this.#parts.commits.version, columns, names),
    );
  }

  /**
   * Names a snapshot, by default the current one, that others may add snapshots to.
   * @throws IcebergError `iceberg/ref-exists`, `iceberg/ref-invalid`, `iceberg/snapshot-missing`
   */
  createBranch(name: string, options: BranchOptions = {}): Promise<void> {
    return this.#change((metadata) => createRef(metadata, { name, type: 'branch' }, options));
  }

  /** Names a snapshot, which stays for as long. As `createBranch`. */
  createTag(name: string, options: TagOptions = {}): Promise<void> {
    return this.#change((metadata) => createRef(metadata, { name, type: 'tag' }, options));
  }

  /**
   * Lets a branch name another snapshot, or be kept for another time.
   * @throws IcebergError `iceberg/ref-missing`, `iceberg/ref-invalid`, `iceberg/snapshot-missing`
   */
  replaceBranch(name: string, options: BranchOptions): Promise<void> {
    const updatesFor = (metadata: TableMetadata): readonly MetadataUpdate[] =>
      replaceRef(metadata, { name, type: 'branch' }, options);
    const concernsRows = name === MAIN && options.snapshotId !== undefined;
    return concernsRows ? this.#changeRows(updatesFor) : this.#change(updatesFor);
  }

  /** As `replaceBranch`. */
  replaceTag(name: string, options: TagOptions): Promise<void> {
    return this.#change((metadata) => replaceRef(metadata, { name, type: 'tag' }, options));
  }

  /** @throws IcebergError `iceberg/ref-missing`; `iceberg/ref-invalid` for the main branch */
  dropBranch(name: string): Promise<void> {
    return this.#change((metadata) => dropRef(metadata, { name, type: 'branch' }));
  }

  /** @throws IcebergError `iceberg/ref-missing` */
  dropTag(name: string): Promise<void> {
    return this.#change((metadata) => dropRef(metadata, { name, type: 'tag' }));
  }

  /**
   * Goes back to an earlier snapshot of the main branch.
   * @throws IcebergError `iceberg/snapshot-missing`, `iceberg/not-an-ancestor`;
   * `iceberg/not-writable` for a table that a pipeline keeps
   */
  rollbackTo(snapshotId: bigint): Promise<void> {
    return this.#changeRows((metadata) => rollbackTo(metadata, snapshotId));
  }

  /** Makes any snapshot the current one. As `rollbackTo`. */
  setCurrentSnapshot(snapshotId: bigint): Promise<void> {
    return this.#changeRows((metadata) => setCurrentSnapshot(metadata, snapshotId));
  }

  /**
   * Sets properties of the table.
   * @throws IcebergError `iceberg/property-kept` for those that a pipeline keeps
   */
  async setProperties(updates: Readonly<Record<string, string>>): Promise<void> {
    assertFree(Object.keys(updates));
    await this.#change(() => [{ action: 'set-properties', updates }]);
  }

  /** Removes properties of the table; as `setProperties`. */
  async removeProperties(removals: readonly string[]): Promise<void> {
    assertFree(removals);
    await this.#change(() => [{ action: 'remove-properties', removals }]);
  }

  /** Merges small files and drops deleted rows; see `optimizeTable`. */
  async optimize(options: OptimizeOptions = {}): Promise<OptimizeResult> {
    const { commits, columns, changed } = this.#parts;
    await commits.update();
    const result = await optimizeTable({ ...this.#parts, columns: columns() }, options);
    if (result.removedFiles > 0) changed();
    return result;
  }

  /** Removes snapshots, and what only they needed; see `expireTable`. */
  expire(options: ExpireOptions = {}): Promise<ExpireResult> {
    return expireTable(this.#parts, options);
  }

  /** Deletes files that nothing in the table names; see `removeTableOrphans`. */
  removeOrphans(options: RemoveOrphansOptions = {}): Promise<OrphansResult> {
    return removeTableOrphans(this.#parts, options);
  }

  async #changeColumn(change: ColumnChange): Promise<number> {
    const id = await this.#changeSchema((columns) => {
      return columnUpdates(this.#parts.commits.version, columns, change);
    });
    this.#parts.changed(change);
    return id;
  }

  async #changeSchema(
    updatesFor: (columns: TableColumns) => readonly MetadataUpdate[],
  ): Promise<number> {
    const { commits, columns } = this.#parts;
    await changeMetadata(commits, () => updatesFor(columns()));
    return commits.version.metadata.currentSchemaId;
  }

  #change(updatesFor: (metadata: TableMetadata) => readonly MetadataUpdate[]): Promise<void> {
    return changeMetadata(this.#parts.commits, updatesFor);
  }

  async #changeRows(
    updatesFor: (metadata: TableMetadata) => readonly MetadataUpdate[],
  ): Promise<void> {
    const { commits, changed } = this.#parts;
    await changeMetadata(commits, (metadata) => {
      if (metadata.properties[POSITION_PROPERTY] === undefined) return updatesFor(metadata);
      const { location } = metadata;
      const message = `A pipeline keeps the table at ${location}: it would not write rows again`;
      throw new IcebergError('iceberg/not-writable', message, { context: { location } });
    });
    changed();
  }
}

/** Names of the properties that say what a pipeline has written begin with that. */
const KEPT = 'cdc-demo.';

function assertFree(names: readonly string[]): void {
  const kept = names.find((name) => name.startsWith(KEPT));
  if (kept === undefined) return;
  const message = `The property ${kept} says what a pipeline has written`;
  throw new IcebergError('iceberg/property-kept', message, { context: { property: kept } });
}
