import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ColumnBatch, postgresPosition } from '@cdc-demo/cdc-core';
import type { CommitPoint, ResyncRows, TableSink } from '@cdc-demo/cdc-core';
import { Transactions, contractTable, widerTable } from './contract-table.ts';
import type { SinkUnderTest } from './sink-contract.ts';

const point = (lsn: number, batch = lsn): CommitPoint => ({
  pipeline: 'contract',
  incarnation: 1,
  position: postgresPosition(BigInt(lsn)),
  batch,
  committedAtUs: 0n,
});

type Row = readonly [id: number, text: string | null];

interface Range {
  readonly lsn: number;
  readonly after?: number;
  readonly through?: number;
  readonly rows: readonly Row[];
  readonly later?: Transactions;
}

function bound(id: number | undefined): ColumnBatch | undefined {
  if (id === undefined) return undefined;
  const batch = new ColumnBatch(contractTable.fields.slice(0, 1));
  batch.appendRow([id]);
  return batch;
}

function resyncRows({ lsn, after, through, rows, later }: Range): ResyncRows {
  const batch = new ColumnBatch(contractTable.fields);
  for (const row of rows) batch.appendRow(row);
  return {
    kind: 'resync-rows',
    schema: contractTable,
    range: { after: bound(after), through: bound(through) },
    rows: batch,
    later: later?.batches() ?? [],
    position: postgresPosition(BigInt(lsn)),
    from: null,
    next: 'complete',
    estimatedRows: rows.length,
  };
}

/** What the `Sink` port promises of tables whose rows are read beside the stream. */
export function resyncContract(name: string, make: () => Promise<SinkUnderTest>): void {
  describe(`Sink contract, resync: ${name}`, () => {
    let under: SinkUnderTest;
    let table: TableSink;

    beforeEach(async () => {
      under = await make();
      table = under.open().table(contractTable.table);
      await table.open(point(0));
      await table.create(contractTable, point(90));
      const changes = new Transactions(100).insert(1, 'a').insert(2, 'b').insert(3, 'c');
      await commit(changes.insert(4, 'd'), 100);
      table.setResyncing(true);
    });
    afterEach(async () => {
      await table.close();
      await under.dispose();
    });

    const rows = async (): Promise<string[]> => (await under.rows()).toSorted();

    async function commit(changes: Transactions, lsn: number): Promise<string> {
      for (const batch of changes.batches()) await table.write(batch);
      return (await table.commit(point(lsn))).outcome;
    }

    async function resync(range: Range): Promise<string> {
      const outcome = await table.resync(resyncRows(range), point(range.lsn, range.lsn + 1));
      return outcome.outcome;
    }

    it('changes rows that differ, adds those that lack, deletes those that the source lacks', async () => {
      const done = await table.resync(
        resyncRows({
          lsn: 100,
          rows: [
            [1, 'a'],
            [2, 'other'],
            [4, 'd'],
            [9, 'new'],
          ],
        }),
        point(100, 101),
      );
      expect(done.outcome === 'committed' && done.stats).toMatchObject({
        inserted: 1,
        updated: 1,
        deleted: 1,
      });
      expect(await rows()).toEqual(['1:a', '2:other', '4:d', '9:new']);
    });

    it('makes no commit when every row is equal, also when it is told twice', async () => {
      const range: Range = {
        lsn: 100,
        rows: [
          [1, 'a'],
          [2, 'x'],
          [3, 'c'],
          [4, 'd'],
        ],
      };
      expect(await resync(range)).toBe('committed');
      expect(await resync(range)).toBe('unchanged');
      expect(await rows()).toEqual(['1:a', '2:x', '3:c', '4:d']);
    });

    it('leaves alone what lies outside of the range', async () => {
      expect(await resync({ lsn: 100, after: 1, through: 3, rows: [[3, 'C']] })).toBe('committed');
      expect(await rows()).toEqual(['1:a', '3:C', '4:d']);
      expect(await resync({ lsn: 100, after: 3, rows: [] })).toBe('committed');
      expect(await rows()).toEqual(['1:a', '3:C']);
      expect(await resync({ lsn: 100, through: 2, rows: [[2, 'b']] })).toBe('committed');
      expect(await rows()).toEqual(['2:b', '3:C']);
    });

    it('takes changes over rows that do not show them yet, although the table has them', async () => {
      const later = (): Transactions => new Transactions(110).update(1, 'newer').delete(2).touch(3);
      await commit(later(), 110);
      await resync({
        lsn: 110,
        rows: [
          [1, 'old'],
          [2, 'gone'],
          [3, 'really'],
          [4, 'd'],
        ],
        later: later(),
      });
      expect(await rows()).toEqual(['1:newer', '3:really', '4:d']);
    });

    it('goes on following changes behind and before the range', async () => {
      await resync({
        lsn: 100,
        through: 2,
        rows: [
          [1, 'a'],
          [2, 'B'],
        ],
      });
      await commit(new Transactions(120).update(2, 'BB').delete(4).insert(7, 'g'), 120);
      expect(await rows()).toEqual(['1:a', '2:BB', '3:c', '7:g']);
      await resync({
        lsn: 120,
        after: 2,
        rows: [
          [3, 'c'],
          [7, 'g'],
          [8, 'h'],
        ],
      });
      expect(await rows()).toEqual(['1:a', '2:BB', '3:c', '7:g', '8:h']);
    });

    it('waits for the row of a change that does not say all of it', async () => {
      expect(await commit(new Transactions(110).touch(8), 110)).toBe('unchanged');
      await resync({ lsn: 110, after: 4, rows: [[8, 'whole']] });
      expect(await rows()).toEqual(['1:a', '2:b', '3:c', '4:d', '8:whole']);
    });

    it('keeps the position that the table had, for a later run', async () => {
      await resync({ lsn: 115, rows: [] });
      await table.close();
      const opened = await under.open().table(contractTable.table).open(point(0));
      expect(opened).toMatchObject({ outcome: 'opened', position: postgresPosition(115n) });
      expect(await rows()).toEqual([]);
    });

    it('says which columns it does not have', () => {
      expect(table.lacks(contractTable)).toEqual([]);
      expect(table.lacks(widerTable)).toEqual(['added']);
    });
  });
}
