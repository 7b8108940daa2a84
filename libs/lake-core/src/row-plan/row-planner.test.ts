import { describe, expect, test } from '@jest/globals';
import {
  ChangeBatch,
  ColumnBatch,
  DELETE,
  INSERT,
  NO_IMAGE,
  READ,
  TRUNCATE,
  UPDATE,
} from '@cdc-demo/cdc-core';
import type { Field, FieldValue, Op } from '@cdc-demo/cdc-core';
import { KeyBlock } from '../key-index/key-block.ts';
import { applyToIndex } from './apply-to-index.ts';
import { materialiseFeed, materialiseRows } from './materialise.ts';
import { ADDED, DROPPED } from './planned-images.ts';
import { RowPlanner } from './row-planner.ts';
import { StoredTable } from './stored-table.fixture.ts';

const fields: readonly Field[] = [
  { id: 1, name: 'id', type: { kind: 'int', bits: 32 }, nullable: true },
  { id: 2, name: 'name', type: { kind: 'string' }, nullable: true },
  { id: 3, name: 'note', type: { kind: 'string' }, nullable: true },
];
const NONE = { insertOfExisting: 0, updateOfMissing: 0, deleteOfMissing: 0 };
const SAME = [0, 1, 2];
/** A value that the source does not send. */
const HELD = Symbol('unchanged');
type Image = readonly (number | string | null | typeof HELD)[];

/** One change: its old image, then its new one. */
interface Step {
  readonly op: Op;
  readonly before?: Image;
  readonly after?: Image;
}

const insert = (...after: Image): Step => ({ op: INSERT, after });
const read = (...after: Image): Step => ({ op: READ, after });
const update = (before: Image, after: Image): Step => ({ op: UPDATE, before, after });
const updateTo = (...after: Image): Step => ({ op: UPDATE, after });
const remove = (...before: Image): Step => ({ op: DELETE, before });
const truncate: Step = { op: TRUNCATE };

function batchOf(steps: readonly Step[]): ChangeBatch {
  const table = { namespace: 'public', name: 't' };
  const batch = new ChangeBatch({ table, version: 1, fields, key: [0] });
  const add = (image: Image | undefined): number => {
    if (!image) return NO_IMAGE;
    batch.images.columns.forEach((column, i) => {
      const value = image[i]!;
      if (typeof value === 'symbol') column.appendUnchanged();
      else column.appendValue(value);
    });
    return batch.images.endRow();
  };
  steps.forEach(({ op, before, after }, i) => {
    const images = {
      before: add(before),
      after: add(after),
      beforeIsFull: before !== undefined && !before.includes(HELD),
    };
    batch.append(op, images, i);
  });
  return batch;
}

/** A table with rows 1 to 4 in two files. */
function storedTable(): StoredTable {
  const table = new StoredTable(fields, [0]);
  for (const rows of [
    [insert(1, 'one', 'n1'), insert(2, 'two', 'n2')],
    [insert(3, 'three', 'n3'), insert(4, 'four', 'n4')],
  ]) {
    const planner = plannerFor(table);
    planner.add(batchOf(rows), SAME);
    table.commit(planner.plan());
  }
  return table;
}

const plannerFor = (table: StoredTable): RowPlanner => new RowPlanner(table);

function planOf(table: StoredTable, steps: readonly Step[], columns: readonly number[] = SAME) {
  const planner = plannerFor(table);
  planner.add(batchOf(steps), columns);
  return planner.plan();
}

/** Commits the steps; gives the feed as text and what the plan said. */
function commit(table: StoredTable, ...steps: readonly Step[]) {
  const plan = planOf(table, steps);
  const reads = plan.reads.rows.length;
  const feed = table.commit(plan).map(({ type, row }) => `${type} ${textOf(row)}`);
  return { plan, feed, reads };
}

const textOf = (row: readonly FieldValue[]): string =>
  row.map((value) => String(value as unknown)).join();

const rowsOf = (table: StoredTable): string[] =>
  [...table.live()].map(({ values }) => textOf(values)).sort();

describe('RowPlanner: the net of one key', () => {
  test('insert and delete vanish', () => {
    const table = storedTable();
    const { feed, plan } = commit(table, insert(9, 'a', 'b'), remove(9, HELD, HELD));
    expect([feed, plan.writes.length, plan.deletions.rows.length]).toEqual([[], 0, 0]);
    expect(plan.anomalies).toEqual(NONE);
  });

  test('delete and insert are an update of what was stored', () => {
    const { feed, reads } = commit(storedTable(), remove(2, HELD, HELD), insert(2, 'new', 'x'));
    expect(feed).toEqual(['update_preimage 2,two,n2', 'update_postimage 2,new,x']);
    expect(reads).toBe(1);
  });

  test('a row that is touched and equal is still a pair', () => {
    const { feed } = commit(storedTable(), update([2, 'two', 'n2'], [2, 'two', 'n2']));
    expect(feed).toEqual(['update_preimage 2,two,n2', 'update_postimage 2,two,n2']);
  });

  test('the first pre-image and the last post-image count', () => {
    const { feed, plan } = commit(
      storedTable(),
      update([2, 'two', 'n2'], [2, 'b', 'n2']),
      update([2, 'b', 'n2'], [2, 'c', 'n2']),
    );
    expect(feed).toEqual(['update_preimage 2,two,n2', 'update_postimage 2,c,n2']);
    expect([plan.inserts, plan.updates, plan.deletes]).toEqual([0, 1, 0]);
  });

  test('a changed key is a delete and an insert', () => {
    const table = storedTable();
    const { feed } = commit(table, update([2, HELD, HELD], [8, 'two', HELD]));
    expect(feed).toEqual(['delete 2,two,n2', 'insert 8,two,n2']);
    expect(rowsOf(table)).toEqual(['1,one,n1', '3,three,n3', '4,four,n4', '8,two,n2']);
  });

  test('a row that comes back to its key is an update', () => {
    const { feed } = commit(
      storedTable(),
      update([2, HELD, HELD], [8, 'x', HELD]),
      update([8, HELD, HELD], [2, 'y', HELD]),
    );
    expect(feed).toEqual(['update_preimage 2,two,n2', 'update_postimage 2,y,n2']);
  });

  test('two rows that exchange their keys are two updates', () => {
    const { feed, plan } = commit(
      storedTable(),
      update([1, HELD, HELD], [0, 'one', HELD]),
      update([2, HELD, HELD], [1, 'two', HELD]),
      update([0, HELD, HELD], [2, 'one', HELD]),
    );
    expect(feed).toEqual([
      'update_preimage 1,one,n1',
      'update_postimage 1,two,n2',
      'update_preimage 2,two,n2',
      'update_postimage 2,one,n1',
    ]);
    expect(plan.anomalies).toEqual(NONE);
  });

  test('rows that pass each other under a deferred key keep apart', () => {
    const table = storedTable();
    const { feed, plan } = commit(
      table,
      update([1, 'one', 'n1'], [2, 'one', HELD]),
      update([2, 'two', 'n2'], [2, 'two!', 'n2']),
      update([2, 'two!', 'n2'], [3, 'two!', HELD]),
      update([3, 'three', 'n3'], [4, 'three', HELD]),
      remove(4, 'four', 'n4'),
      update([4, 'three', 'n3'], [4, 'three!', 'n3']),
    );
    expect(rowsOf(table)).toEqual(['2,one,n1', '3,two!,n2', '4,three!,n3']);
    expect(feed).toEqual([
      'delete 1,one,n1',
      'update_preimage 2,two,n2',
      'update_postimage 2,one,n1',
      'update_preimage 3,three,n3',
      'update_postimage 3,two!,n2',
      'update_preimage 4,four,n4',
      'update_postimage 4,three!,n3',
    ]);
    expect(plan.anomalies).toEqual(NONE);
  });

  test('of two rows under a deferred key the newer one may leave first', () => {
    const table = storedTable();
    const { plan } = commit(
      table,
      update([1, 'one', 'n1'], [2, 'one', 'n1']),
      update([2, 'one', 'n1'], [7, 'one', 'n1']),
    );
    expect(rowsOf(table)).toEqual(['2,two,n2', '3,three,n3', '4,four,n4', '7,one,n1']);
    expect(plan.anomalies).toEqual(NONE);
  });
});

describe('RowPlanner: what is read', () => {
  test('nothing when the source sends whole old rows', () => {
    const { reads, feed } = commit(
      storedTable(),
      update([2, 'two', 'n2'], [2, 'b', HELD]),
      remove(3, 'three', 'n3'),
      update([4, 'four', 'n4'], [5, 'four', HELD]),
    );
    expect(reads).toBe(0);
    expect(feed).toContain('update_postimage 2,b,n2');
    expect(feed).toContain('insert 5,four,n4');
  });

  test('each stored row once, grouped by file, in ascending order', () => {
    const table = storedTable();
    const { file } = [...table.live()].find(({ values }) => values[0] === 3)!;
    const plan = planOf(table, [
      updateTo(4, 'd', HELD),
      updateTo(4, 'e', HELD),
      updateTo(2, 'b', 'c'),
      remove(3, HELD, HELD),
    ]);
    expect([...plan.reads.files]).toEqual([file - 1, file]);
    expect([...plan.reads.starts]).toEqual([0, 1, 3]);
    expect([...plan.reads.rows]).toEqual([1, 0, 1]);
    expect(plan.deletions).toEqual(plan.reads);
  });

  test('an unchanged value is the newest one known, through chains and changed keys', () => {
    const { feed } = commit(
      storedTable(),
      updateTo(2, 'b', 'fresh'),
      updateTo(2, 'c', HELD),
      update([2, HELD, HELD], [8, HELD, HELD]),
      updateTo(8, 'd', HELD),
    );
    expect(feed).toEqual(['delete 2,two,n2', 'insert 8,d,fresh']);
  });

  test('a whole old row of a batch without a dropped column is not the stored row', () => {
    const table = storedTable();
    const steps = [update([2, 'two', 'ignored'], [2, 'b', 'ignored'])];
    const feed = table.commit(planOf(table, steps, [0, 1, DROPPED]));
    expect(feed.map(({ row }) => row)).toEqual([
      [2, 'two', 'n2'],
      [2, 'b', null],
    ]);
  });

  test('a column added later is NULL in the images of before', () => {
    const table = new StoredTable(fields, [0]);
    const planner = plannerFor(table);
    planner.add(batchOf([insert(1, 'a', 'x'), insert(2, 'b', 'x')]), [0, 1, ADDED]);
    planner.add(batchOf([updateTo(1, 'c', HELD)]), SAME);
    expect(table.commit(planner.plan()).map(({ row }) => row)).toEqual([
      [1, 'c', null],
      [2, 'b', null],
    ]);
  });
});

describe('RowPlanner: TRUNCATE', () => {
  test('deletes what is stored, and what came before it in the commit', () => {
    const table = storedTable();
    const { plan, feed } = commit(
      table,
      insert(9, 'a', 'b'),
      update([2, 'two', 'n2'], [2, 'x', 'n2']),
      truncate,
      insert(3, 'again', 'y'),
      insert(7, 'new', 'z'),
    );
    expect(plan.truncates).toBe(true);
    expect(rowsOf(table)).toEqual(['3,again,y', '7,new,z']);
    expect(feed).toEqual([
      'delete 2,two,n2',
      'update_preimage 3,three,n3',
      'update_postimage 3,again,y',
      'insert 7,new,z',
      'delete 1,one,n1',
      'delete 4,four,n4',
    ]);
    expect(plan.anomalies).toEqual(NONE);
  });

  test('after it no row is there to be updated or deleted', () => {
    const { plan } = commit(
      storedTable(),
      update([1, 'one', 'n1'], [2, 'one', 'n1']),
      truncate,
      remove(1, HELD, HELD),
      updateTo(2, 'b', 'c'),
    );
    expect(plan.anomalies).toEqual({
      insertOfExisting: 1,
      updateOfMissing: 1,
      deleteOfMissing: 1,
    });
    expect([plan.inserts, plan.updates, plan.deletes]).toEqual([0, 1, 1]);
  });
});

describe('RowPlanner: changes that do not fit the table', () => {
  test('an insert of a stored key is an update, and counted', () => {
    const { plan, feed } = commit(storedTable(), insert(2, 'b', 'c'));
    expect(feed).toEqual(['update_preimage 2,two,n2', 'update_postimage 2,b,c']);
    expect(plan.anomalies).toEqual({ ...NONE, insertOfExisting: 1 });
  });

  test('a snapshot row of a stored key is an update, and expected', () => {
    const { plan, feed } = commit(storedTable(), read(2, 'b', 'c'), read(9, 'i', 'j'));
    expect(feed.length).toBe(3);
    expect(plan.anomalies).toEqual(NONE);
  });

  test('an update of a missing key is an insert, and counted', () => {
    const { plan, feed } = commit(
      storedTable(),
      updateTo(9, 'b', 'c'),
      update([10, HELD, HELD], [11, 'd', 'e']),
    );
    expect(feed).toEqual(['insert 9,b,c', 'insert 11,d,e']);
    expect(plan.anomalies).toEqual({ ...NONE, updateOfMissing: 2 });
  });

  test('a delete of a missing key is left out, and counted', () => {
    const { plan, feed } = commit(storedTable(), remove(9, HELD, HELD));
    expect(feed).toEqual([]);
    expect(plan.anomalies).toEqual({ ...NONE, deleteOfMissing: 1 });
  });

  test('a key changed to a stored one replaces that row, and is counted', () => {
    const images: readonly Image[] = [
      [1, HELD, HELD],
      [1, 'one', 'n1'],
    ];
    for (const before of images) {
      const table = storedTable();
      const { plan } = commit(table, update(before, [2, 'b', 'c']));
      expect(rowsOf(table)).toEqual(['2,b,c', '3,three,n3', '4,four,n4']);
      expect(plan.anomalies).toEqual({ ...NONE, insertOfExisting: 1 });
    }
  });

  test('a value that nothing holds stops the plan, unless it does not matter', () => {
    const steps = [updateTo(9, 'b', HELD)];
    expect(() => planOf(storedTable(), steps)).toThrow(
      expect.objectContaining({
        code: 'lake/value-unknown',
        context: { table: 'public.t', column: 'note' },
      }),
    );
    expect(() => planOf(storedTable(), [insert(9, 'a', HELD)])).toThrow(/leaves out "note"/);
    expect(planOf(storedTable(), [...steps, updateTo(9, 'b', 'c')]).inserts).toBe(1);
    expect(planOf(storedTable(), [...steps, remove(9, HELD, HELD)]).inserts).toBe(0);
  });

  test('a change without its key is refused', () => {
    const steps: readonly Step[] = [
      insert(null, 'a', 'b'),
      insert(HELD, 'a', 'b'),
      updateTo(HELD, 'a', 'b'),
      update([HELD, 'a', HELD], [1, 'b', 'c']),
      update([HELD, 'a', HELD], [HELD, 'b', 'c']),
      remove(HELD, 'a', HELD),
      remove(null, 'a', 'b'),
      { op: DELETE },
    ];
    for (const step of steps) {
      expect(() => planOf(storedTable(), [insert(5, 'x', 'y'), step])).toThrow(
        expect.objectContaining({
          code: 'lake/key-incomplete',
          context: { table: 'public.t', change: 1, operation: step.op },
        }),
      );
    }
  });

  test('a key that stands in the old image only is taken from there', () => {
    const { feed } = commit(storedTable(), update([2, HELD, HELD], [HELD, 'b', HELD]));
    expect(feed).toEqual(['update_preimage 2,two,n2', 'update_postimage 2,b,n2']);
  });

  test('columns of other types, and a key without column, are refused', () => {
    const planner = plannerFor(storedTable());
    expect(() => planner.add(batchOf([]), [0, 0, 2])).toThrow(TypeError);
    expect(() => planner.add(batchOf([]), [ADDED, 1, 2])).toThrow(TypeError);
  });
});

describe('RowPlanner: commit and conflict', () => {
  test('planning leaves the index alone and gives the same plan again', () => {
    const table = storedTable();
    const before = table.indexed();
    const planner = plannerFor(table);
    planner.add(batchOf([insert(9, 'a', 'b'), remove(1, HELD, HELD)]), SAME);
    planner.add(batchOf([updateTo(9, 'c', HELD), updateTo(4, HELD, 'd')]), SAME);
    const plan = planner.plan();
    expect(planner.plan()).toEqual(plan);
    expect(table.indexed()).toEqual(before);
  });

  test('rebase follows rows that others moved', () => {
    const table = storedTable();
    const planner = plannerFor(table);
    planner.add(batchOf([updateTo(2, 'b', HELD), remove(3, HELD, HELD)]), SAME);
    const stale = planner.plan();
    table.compact();
    planner.rebase();
    const plan = planner.plan();
    expect([...plan.reads.files]).not.toEqual([...stale.reads.files]);
    expect(table.commit(plan).map(({ row }) => textOf(row))).toEqual([
      '2,two,n2',
      '2,b,n2',
      '3,three,n3',
    ]);
  });

  test('the index takes new rows wherever each was written', () => {
    const table = storedTable();
    const plan = planOf(table, [insert(8, 'a', 'b'), remove(1, HELD, HELD), insert(9, 'c', 'd')]);
    const files = Uint32Array.of(70, 71);
    applyToIndex(plan, table.index, { files, rows: Uint32Array.of(5, 6) });
    const block = new KeyBlock(1);
    const key = new ColumnBatch(fields.slice(0, 1));
    for (const id of [8, 9, 1]) key.appendRow([id]);
    table.encoder.encode(key.columns, { start: 0, end: 3 }, block);
    const places = [0, 1, 2].map((at) =>
      table.index.seek(block.words, at) ? [table.index.file, table.index.row] : 'none',
    );
    expect(places).toEqual([[70, 5], [71, 6], 'none']);
    expect(table.index.size).toBe(5);
  });

  test('rows that were not asked for are refused', () => {
    const table = storedTable();
    const plan = planOf(table, [updateTo(2, 'b', HELD)]);
    const [rows] = table.read(plan.reads);
    const other = new ColumnBatch([fields[1]!, fields[0]!, fields[2]!]);
    other.appendRow(['x', 1, 'y']);
    expect(() => materialiseRows(plan, [])).toThrow(/Rows of 1 files/);
    expect(() => materialiseRows(plan, [new ColumnBatch(fields)])).toThrow(/1 rows of a file/);
    expect(() => materialiseFeed(plan, [other])).toThrow(/another type/);
    expect(materialiseRows(plan, [rows!]).row(0)).toEqual([2, 'b', 'n2']);
  });
});
