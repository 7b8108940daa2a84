import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { INSERT, ColumnBatch, postgresPosition } from '@cdc-demo/cdc-core';
import type { CommitPoint, Sink, TableSink } from '@cdc-demo/cdc-core';
import { Transactions, contractTable, widerTable } from './contract-table.ts';

/** Storage to test, empty; sinks on it come and go as processes do. */
export interface SinkUnderTest {
  /** A new sink on the same storage. */
  readonly open: () => Sink;
  /** The rows of `contractTable` as `id:text` (NULL as `null`), in no order. */
  readonly rows: () => Promise<readonly string[]>;
  readonly dispose: () => Promise<void>;
}

const point = (lsn: number, incarnation = 1): CommitPoint => ({
  pipeline: 'contract',
  incarnation,
  position: postgresPosition(BigInt(lsn)),
  batch: lsn,
  committedAtUs: 0n,
});

/** Everything that the `Sink` port promises in upsert mode; each implementation calls it. */
export function sinkContract(name: string, make: () => Promise<SinkUnderTest>): void {
  describe(`Sink contract: ${name}`, () => {
    let under: SinkUnderTest;
    beforeEach(async () => {
      under = await make();
    });
    afterEach(() => under.dispose());

    const rows = async (): Promise<string[]> => (await under.rows()).toSorted();

    async function opened(incarnation = 1): Promise<TableSink> {
      const table = under.open().table(contractTable.table);
      const { outcome } = await table.open(point(0, incarnation));
      expect(outcome).toBe('opened');
      return table;
    }

    /** A table with the rows 1 to 3 at position 100. */
    async function published(): Promise<void> {
      const table = under.open().table(contractTable.table);
      await table.open(point(0));
      const stage = await table.stageSnapshot(contractTable);
      const chunk = new ColumnBatch(contractTable.fields);
      for (const id of [1, 2, 3]) chunk.appendRow([id, `first ${id}`]);
      await stage.write(chunk);
      const done = await table.publishSnapshot([await stage.finish()], point(100));
      expect(done.outcome).toBe('committed');
      await table.close();
    }

    async function commit(table: TableSink, changes: Transactions, lsn: number): Promise<string> {
      for (const batch of changes.batches()) await table.write(batch);
      return (await table.commit(point(lsn))).outcome;
    }

    it('says that a table is missing before it is made', async () => {
      const table = under.open().table(contractTable.table);
      expect(await table.open(point(0))).toEqual({ outcome: 'missing' });
    });

    it('shows staged rows only when they are published, by whatever process, once', async () => {
      const first = under.open().table(contractTable.table);
      await first.open(point(0));
      const stage = await first.stageSnapshot(contractTable);
      const chunk = new ColumnBatch(contractTable.fields);
      chunk.appendRow([7, 'staged']);
      await stage.write(chunk);
      const staged = structuredClone(await stage.finish());
      await first.close();
      const second = under.open().table(contractTable.table);
      expect(await second.open(point(0))).toEqual({ outcome: 'missing' });
      await second.publishSnapshot([staged], point(100));
      await second.close();
      const third = under.open().table(contractTable.table);
      await third.open(point(0));
      await third.publishSnapshot([staged], point(100));
      await third.close();
      expect(await rows()).toEqual(['7:staged']);
    });

    it('publishes inserts, updates, deletes and changed keys together', async () => {
      await published();
      const table = await opened();
      const changes = new Transactions(110);
      changes.insert(4, 'new').update(1, 'changed').delete(2).move(3, 33, 'moved');
      expect(await commit(table, changes, 110)).toBe('committed');
      expect(await rows()).toEqual(['1:changed', '33:moved', '4:new']);
    });

    it('keeps a value that the source did not send', async () => {
      await published();
      const table = await opened();
      await commit(table, new Transactions(110).touch(2), 110);
      expect(await rows()).toEqual(['1:first 1', '2:first 2', '3:first 3']);
    });

    it('empties a table, and keeps what comes after', async () => {
      await published();
      const table = await opened();
      await commit(table, new Transactions(110).truncate().insert(2, 'again'), 110);
      expect(await rows()).toEqual(['2:again']);
    });

    it('leaves out what the table has, whatever is written again', async () => {
      await published();
      const table = await opened();
      const first = (): Transactions => new Transactions(110).insert(4, 'new').delete(1);
      await commit(table, first(), 110);
      await table.close();
      const again = await opened();
      expect(await commit(again, first(), 110)).toBe('unchanged');
      const more = first().next(120).update(4, 'newer');
      expect(await commit(again, more, 120)).toBe('committed');
      expect(await rows()).toEqual(['2:first 2', '3:first 3', '4:newer']);
    });

    it('makes no commit without a change', async () => {
      await published();
      const table = await opened();
      expect((await table.commit(point(110))).outcome).toBe('unchanged');
      expect(await commit(table, new Transactions(120).insert(9, 'x').delete(9), 120)).toBe(
        'unchanged',
      );
    });

    it('tells what it holds after it was closed', async () => {
      await published();
      const table = await opened();
      await commit(table, new Transactions(110).insert(4, 'new'), 110);
      await table.close();
      const again = under.open().table(contractTable.table);
      expect(await again.open(point(0))).toEqual({
        outcome: 'opened',
        position: postgresPosition(110n),
        batch: 110,
      });
    });

    it('lets the later of two runs have the table', async () => {
      await published();
      const earlier = await opened(1);
      const later = await opened(2);
      for (const batch of new Transactions(110).insert(4, 'later').batches()) {
        await later.write(batch);
      }
      expect((await later.commit(point(110, 2))).outcome).toBe('committed');
      for (const batch of new Transactions(110).insert(4, 'earlier').batches()) {
        await earlier.write(batch);
      }
      expect(await earlier.commit(point(110, 1))).toEqual({ outcome: 'fenced', incarnation: 2 });
      expect(await under.open().table(contractTable.table).open(point(0, 1))).toEqual({
        outcome: 'fenced',
        incarnation: 2,
      });
      expect(await rows()).toContain('4:later');
    });

    it('follows an added column', async () => {
      await published();
      const table = await opened();
      const changes = new Transactions(110, widerTable);
      changes.append(INSERT, { after: [5, 'wide', 'more'] });
      expect(await commit(table, changes, 110)).toBe('committed');
      expect(await rows()).toEqual(['1:first 1', '2:first 2', '3:first 3', '5:wide']);
    });
  });
}
