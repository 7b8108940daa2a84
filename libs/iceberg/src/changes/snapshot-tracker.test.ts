import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { TestTable } from '../table.fixture.ts';
import { SnapshotTracker } from './snapshot-tracker.ts';

const COLUMNS = [{ id: 1, name: 'id', type: 'long', required: true }];
const parent = (id: bigint) => ({ 'parent-snapshot-id': `#${id}` });

let table: TestTable;
beforeEach(async () => {
  table = await TestTable.create(COLUMNS);
});
afterEach(() => table[Symbol.asyncDispose]());

const tracker = async (): Promise<SnapshotTracker> =>
  new SnapshotTracker(await table.open(), { store: table.store, key: 'place.json' });

test('a reader finds each snapshot once, in order', async () => {
  expect(await (await tracker()).unread()).toBeUndefined();
  const one = await table.commit([]);
  const two = await table.commit([], parent(one));
  const first = await tracker();
  expect(await first.unread()).toEqual({ from: undefined, to: two });
  await first.read(two);
  expect(await (await tracker()).unread()).toBeUndefined();
  const three = await table.commit([], parent(two));
  expect(await (await tracker()).unread()).toEqual({ from: two, to: three });
});

test('a reader learns that a snapshot which he has not read has expired', async () => {
  const one = await table.commit([]);
  await (await tracker()).read(one);
  const two = await table.commit([], parent(one));
  await table.commit([], parent(two));
  table.expire(one);
  table.expire(two);
  await expect((await tracker()).unread()).rejects.toMatchObject({
    code: 'iceberg/snapshot-expired',
  });
});

test('a reader learns that the table was rolled back, or is another one', async () => {
  const one = await table.commit([]);
  const two = await table.commit([], parent(one));
  await (await tracker()).read(two);
  await table.commit([], parent(one));
  await expect((await tracker()).unread()).rejects.toMatchObject({
    code: 'iceberg/not-an-ancestor',
  });
  table.metadata['table-uuid'] = 'another';
  await expect((await tracker()).unread()).rejects.toMatchObject({
    code: 'iceberg/table-replaced',
  });
});

test('a file that is no place is refused', async () => {
  await table.commit([]);
  for (const text of ['', '{}', '{"tableUuid":"u","snapshotId":"x"}', '{"tableUuid":1}']) {
    await table.store.put('place.json', Buffer.from(text));
    await expect((await tracker()).unread()).rejects.toMatchObject({
      code: 'iceberg/tracker-corrupt',
    });
  }
});
