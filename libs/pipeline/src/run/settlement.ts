import { formatTableName } from '@cdc-demo/cdc-core';
import type { Position, SnapshotSettlement, TableName } from '@cdc-demo/cdc-core';
import { changesByTable, tableOf } from '../batching/batch.ts';
import type { Batch, BatchPart } from '../batching/batch.ts';
import type { StagedTable } from '../progress/progress-record.ts';
import type { Committer } from './committer.ts';
import type { OpenTables } from './open-tables.ts';

/**
 * Brings rows that were read at several instants to one: the changes go to tables that nobody sees
 * until every row is as of the same position. A crash begins it anew from the staged rows.
 */
export class Settlement {
  readonly #committer: Committer;
  readonly #tables: ReadonlyMap<string, { table: TableName; settlement: SnapshotSettlement }>;

  private constructor(
    committer: Committer,
    tables: ReadonlyMap<string, { table: TableName; settlement: SnapshotSettlement }>,
  ) {
    this.#committer = committer;
    this.#tables = tables;
  }

  /** @param position where the changes begin */
  static async begin(
    staged: readonly StagedTable[],
    position: Position,
    { committer, tables }: { readonly committer: Committer; readonly tables: OpenTables },
  ): Promise<Settlement> {
    await committer.assertOwner();
    const point = committer.point(position, 0n);
    const settling = new Map<string, { table: TableName; settlement: SnapshotSettlement }>();
    for (const each of staged) {
      const settlement = await tables.sink(each.table).settleSnapshot(each.staged, point);
      settling.set(formatTableName(each.table), { table: each.table, settlement });
    }
    return new Settlement(committer, settling);
  }

  async commit(batch: Batch): Promise<void> {
    await this.#committer.assertOwner();
    await Promise.all(changesByTable(batch).map((changes) => this.#commitTable(changes, batch)));
  }

  /** The rows as they are now. */
  finish(): Promise<StagedTable[]> {
    const finish = async ({
      table,
      settlement,
    }: {
      readonly table: TableName;
      readonly settlement: SnapshotSettlement;
    }): Promise<StagedTable> => ({ table, staged: [await settlement.finish()] });
    return Promise.all([...this.#tables.values()].map(finish));
  }

  async #commitTable(changes: readonly BatchPart[], batch: Batch): Promise<void> {
    const name = changes[0] ? formatTableName(tableOf(changes[0])) : '';
    const settling = this.#tables.get(name);
    if (!settling) throw new Error(`Changes of ${name}, which was not read`);
    for (const each of changes) await settling.settlement.write(each);
    const point = this.#committer.point(batch.end, batch.committedAtUs);
    const done = await settling.settlement.commit(point);
    if (done.outcome === 'conflicted') throw done.error;
    if (done.outcome === 'fenced') await this.#committer.assertOwner();
  }
}
