import type {
  Clock,
  CommitOutcome,
  CommitPoint,
  ObjectStore,
  SnapshotSettlement,
  StagedSnapshot,
  TableSink,
} from '@cdc-demo/cdc-core';
import type { FileLayout, SourceChanges, TableColumns } from '@cdc-demo/lake-core';
import { stageCompaction } from '../compaction/stage-compaction.ts';
import type { AddFile } from '../log/actions.ts';
import { toFields } from '../schema/to-fields.ts';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { SCHEMA_DOMAIN, parseColumnsDomain } from './columns-domain.ts';
import { asStaged } from './snapshot-stage.ts';

export interface SettlementParts {
  /** Created from staged rows, with its log in `store`. */
  readonly table: TableSink;
  readonly store: ObjectStore;
  readonly layout: FileLayout;
  readonly clock: Clock;
}

/** Staged rows in a table that nobody sees, which takes changes as any table does. */
export class DeltaSettlement implements SnapshotSettlement {
  readonly #parts: SettlementParts;

  constructor(parts: SettlementParts) {
    this.#parts = parts;
  }

  write(changes: SourceChanges): Promise<void> {
    return this.#parts.table.write(changes);
  }

  commit(point: CommitPoint): Promise<CommitOutcome> {
    return this.#parts.table.commit(point);
  }

  async finish(): Promise<StagedSnapshot> {
    const { table, store } = this.#parts;
    await table.close();
    const snapshot = await openSnapshot(store);
    const schema = snapshot.domains.get(SCHEMA_DOMAIN);
    if (!schema) throw new Error(`${store.url}: the unpublished table has no columns`);
    const columns = parseColumnsDomain(toFields(snapshot.schema), schema);
    const files: AddFile[] = [];
    for (const add of [...snapshot.files()]) {
      if (add.deletionVector) files.push(...(await this.#rewritten(add, snapshot, columns)));
      // A checkpoint of the unpublished table says of its files that they only rearrange rows.
      else files.push({ ...add, dataChange: true });
    }
    return asStaged({
      rows: files.reduce((sum, add) => sum + numRecords(add), 0),
      bytes: files.reduce((sum, { size }) => sum + size, 0),
      columns,
      files,
    });
  }

  /**
   * A file without its deleted rows: some readers take those for inserts of the first version, and
   * a table whose readers know no deletion vectors shall have none.
   */
  async #rewritten(
    add: AddFile,
    snapshot: Snapshot,
    { fields }: TableColumns,
  ): Promise<readonly AddFile[]> {
    const pause = (): Promise<void> => Promise.resolve();
    const context = this.#parts;
    const { outputs } = await stageCompaction({ context, snapshot, fields, files: [add], pause });
    return outputs.map(({ file }) => file);
  }
}

/** Rows of a file of ours, which has no deletion vector. */
export function numRecords({ stats = '{}' }: AddFile): number {
  return (JSON.parse(stats) as { readonly numRecords?: number }).numRecords ?? 0;
}
