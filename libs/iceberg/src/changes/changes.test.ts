import { canonicalRows } from '@cdc-demo/cdc-testing';
import type { Field, FieldValue } from '@cdc-demo/cdc-core';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChangesOptions } from '../iceberg-table.ts';
import { TestTable } from '../table.fixture.ts';
import type { TestFile } from '../table.fixture.ts';

const LONG = { kind: 'int', bits: 64 } as const;
const ID: Field = { id: 1, name: 'id', type: LONG, nullable: false };
const NAME: Field = { id: 2, name: 'name', type: { kind: 'string' }, nullable: true };
const ROW_ID: Field = { id: 2147483540, name: '_row_id', type: LONG, nullable: true };
const UPDATED: Field = { id: 2147483539, name: '_updated', type: LONG, nullable: true };
const COLUMNS = [
  { id: 1, name: 'id', type: 'long', required: true },
  { id: 2, name: 'name', type: 'string', required: false },
];
const SECOND = { 'format-version': 2 };

const people = (...ids: readonly number[]): FieldValue[][] =>
  ids.map((id) => [BigInt(id), `n${id}`]);

describe('the changes between snapshots', () => {
  let table: TestTable;
  let first: TestFile;
  let start: bigint;

  beforeEach(async () => {
    table = await TestTable.create(COLUMNS);
    first = await table.parquet([ID, NAME], people(1, 2, 3, 4, 5));
    start = await table.commit([first]);
  });
  afterEach(() => table[Symbol.asyncDispose]());

  /** `type id name` of each change, with its ordinal where there are several. */
  async function changes(options: ChangesOptions = {}, of = table): Promise<string[]> {
    const lines = await canonicalRows((await of.open()).changes(options));
    return lines.map((line) => {
      const {
        id,
        name,
        _change_type: type,
        _change_ordinal: ordinal,
      } = JSON.parse(line) as Record<string, unknown>;
      return `${String(ordinal)} ${String(type)} ${String(id)} ${String(name)}`;
    });
  }

  test('from the beginning are the first rows', async () => {
    const inserted = [1, 2, 3, 4, 5].map((id) => `0 INSERT ${id} n${id}`);
    expect(await changes()).toEqual(inserted);
    expect(await changes({ from: { snapshotId: start } })).toEqual([]);
  });

  test('of a table without snapshots are none', async () => {
    await using empty = await TestTable.create(COLUMNS);
    expect(await canonicalRows((await empty.open()).changes())).toEqual([]);
  });

  test('are the rows that a deletion vector takes, and an update where one comes back', async () => {
    const updated = await table.parquet(
      [ID, NAME, ROW_ID, UPDATED],
      [
        [2n, 'new', 1n, null],
        [9n, 'n9', null, null],
      ],
    );
    await table.commit([await table.vector(first, [1, 4]), updated], parent(start));
    expect(await changes({ from: { snapshotId: start } })).toEqual(
      ['0 UPDATE_AFTER 2 new', '0 UPDATE_BEFORE 2 n2', '0 DELETE 5 n5', '0 INSERT 9 n9'].sort(byId),
    );
    expect(await changes({ from: { snapshotId: start }, updates: 'separate' })).toEqual(
      ['0 DELETE 2 n2', '0 DELETE 5 n5', '0 INSERT 2 new', '0 INSERT 9 n9'].sort(byId),
    );
  });

  test('come version by version, or net', async () => {
    const two = await table.commit(
      [await table.parquet([ID, NAME], people(6)), await table.vector(first, [0])],
      parent(start),
    );
    const files = await (await table.open()).files();
    const six = files.find(({ path }) => path !== first.file_path && path.endsWith('.parquet'));
    const gone = await table.vector({ ...first, file_path: six!.path }, [0]);
    await table.commit([gone], parent(two));
    const from = { snapshotId: start };
    expect(await changes({ from })).toEqual(
      ['0 DELETE 1 n1', '0 INSERT 6 n6', '1 DELETE 6 n6'].sort(byId),
    );
    expect(await changes({ from, mode: 'net' })).toEqual(['0 DELETE 1 n1']);
    expect(await changes({ from, to: { snapshotId: two }, mode: 'net' })).toHaveLength(2);
  });

  test('leave out what only moved, and compaction altogether', async () => {
    const moved = await table.parquet(
      [ID, NAME, ROW_ID, UPDATED],
      people(1, 2, 3, 4, 5).map((row, i) => [...row, BigInt(i), 1n]),
    );
    table.forget();
    const two = await table.commit([moved], {
      ...parent(start),
      summary: { operation: 'replace' },
    });
    expect(await changes({ from: { snapshotId: start } })).toEqual([]);
    expect(await changes({ from: { snapshotId: start }, mode: 'net' })).toEqual([]);
    const changed = await table.parquet(
      [ID, NAME, ROW_ID, UPDATED],
      people(1, 2, 3, 4).map((row, i) => [...row, BigInt(i), i === 2 ? null : 1n]),
    );
    table.forget();
    await table.commit([changed], { ...parent(two), summary: { operation: 'overwrite' } });
    expect(await changes({ from: { snapshotId: start } })).toEqual(
      ['0 UPDATE_AFTER 3 n3', '0 UPDATE_BEFORE 3 n3', '0 DELETE 5 n5'].sort(byId),
    );
  });

  test('of rows without ids are found by their values, and paired by the identifier', async () => {
    await using second = await TestTable.create(COLUMNS, SECOND);
    const file = await second.parquet([ID, NAME], people(1, 2, 2, 3));
    const begin = await second.commit([file], { 'first-row-id': undefined });
    second.forget();
    const rewritten = await second.parquet([ID, NAME], [...people(2, 2), [3n, 'new'], [4n, 'n4']]);
    await second.commit([rewritten], { ...parent(begin), 'first-row-id': undefined });
    const from = { snapshotId: begin };
    expect(await changes({ from }, second)).toEqual(
      ['0 DELETE 1 n1', '0 DELETE 3 n3', '0 INSERT 3 new', '0 INSERT 4 n4'].sort(byId),
    );
    const paired = [
      '0 DELETE 1 n1',
      '0 INSERT 4 n4',
      '0 UPDATE_AFTER 3 new',
      '0 UPDATE_BEFORE 3 n3',
    ];
    expect(await changes({ from, identifier: ['id'] }, second)).toEqual(paired.sort(byId));
    second.metadata['schemas'] = [
      { type: 'struct', 'schema-id': 0, 'identifier-field-ids': [1], fields: COLUMNS },
    ];
    expect(await changes({ from }, second)).toEqual(paired.sort(byId));
    const opened = await second.open();
    expect(await canonicalRows(opened.changes({ from, columns: ['name'] }))).toContain(
      `{"name":"new","_change_type":"UPDATE_AFTER","_change_ordinal":0,` +
        `"_commit_snapshot_id":"${begin + 1n}"}`,
    );
    await expect(changes({ from, identifier: ['key'] }, second)).rejects.toMatchObject({
      code: 'iceberg/column-missing',
    });
  });

  test('are found over equality deletes, which are looked up in the files that they concern', async () => {
    const values = await table.parquet([NAME], [['n2'], ['n8']]);
    const two = await table.commit(
      [{ ...values, content: 2, equality_ids: [2] }, await table.parquet([ID, NAME], people(8))],
      parent(start),
    );
    expect(await changes({ from: { snapshotId: start } })).toEqual(
      ['0 DELETE 2 n2', '0 INSERT 8 n8'].sort(byId),
    );
    // What is deleted twice left once.
    await table.commit([await table.vector(first, [1, 2])], parent(two));
    expect(await changes({ from: { snapshotId: two } })).toEqual(['0 DELETE 3 n3']);
  });

  test('are refused where a snapshot has expired, or is of another branch', async () => {
    const two = await table.commit([await table.parquet([ID, NAME], people(6))], parent(start));
    const away = await table.commit([await table.parquet([ID, NAME], people(7))], parent(start));
    await expect(
      changes({ from: { snapshotId: two }, to: { snapshotId: away } }),
    ).rejects.toMatchObject({ code: 'iceberg/not-an-ancestor' });
    await table.commit([await table.parquet([ID, NAME], people(7))], parent(77n));
    await expect(changes()).rejects.toMatchObject({ code: 'iceberg/snapshot-expired' });
  });
});

const parent = (id: bigint) => ({ 'parent-snapshot-id': `#${id}` });

/** As canonical rows are sorted: by id, then by name, then by what happened. */
function byId(a: string, b: string): number {
  const [, typeA = '', idA, nameA = ''] = a.split(' ');
  const [, typeB = '', idB, nameB = ''] = b.split(' ');
  if (idA !== idB) return Number(idA) - Number(idB);
  if (nameA !== nameB) return nameA < nameB ? -1 : 1;
  return typeA < typeB ? -1 : 1;
}
