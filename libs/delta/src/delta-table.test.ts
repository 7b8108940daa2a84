import { describe, expect, it } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field, FieldValue } from '@cdc-demo/cdc-core';
import { DeltaTable } from './delta-table.ts';
import type { Action, DeletionVectorDescriptor } from './log/actions.ts';
import { putParquet } from './read/parquet-file.fixture.ts';
import { fromFields } from './schema/from-fields.ts';
import { formatSchema } from './schema/parse-schema.ts';
import { MemoryStore, PROTOCOL, add, metadata, remove } from './snapshot/memory-store.fixture.ts';
import { writeDeletionVectors } from './write/deletion-vector-file.ts';
import { DeletionVector, rowObjects } from '@cdc-demo/lake-core';
import type { Row } from '@cdc-demo/lake-core';
import { canonicalRows } from '@cdc-demo/cdc-testing';

const field = (name: string, type: Field['type'], id = 0): Field => ({
  id,
  name,
  type,
  nullable: true,
});
const LONG = { kind: 'int', bits: 64 } as const;
const INT = { kind: 'int', bits: 32 } as const;
const STRING = { kind: 'string' } as const;
const ID = [field('id', LONG)];
const FEED = { 'delta.enableChangeDataFeed': 'true' };

function definition(
  fields: readonly Field[],
  options: {
    readonly partitionColumns?: readonly string[];
    readonly configuration?: Readonly<Record<string, string>>;
    readonly schemaString?: string;
  } = {},
): Action {
  const { metaData } = metadata({ ...FEED, ...options.configuration }) as { metaData: never };
  return {
    metaData: {
      ...(metaData as object as Extract<Action, { metaData: unknown }>['metaData']),
      schemaString: options.schemaString ?? formatSchema(fromFields(fields)),
      partitionColumns: options.partitionColumns ?? [],
    },
  };
}

const ids = (...values: number[]): FieldValue[][] => values.map((value) => [BigInt(value)]);
const code = (expected: string): object => expect.objectContaining({ code: expected });

async function vectorOf(store: MemoryStore, ...rows: number[]): Promise<DeletionVectorDescriptor> {
  const { descriptors } = await writeDeletionVectors(store, [DeletionVector.of(rows)]);
  return descriptors[0]!;
}

function addOf(path: string, more: object = {}): Action {
  return { add: { ...(add(path) as { add: object }).add, size: 0, ...more } } as Action;
}

describe('rows', () => {
  it('leave out what a deletion vector deletes, in every batch', async () => {
    const store = new MemoryStore();
    await putParquet(store, 'a', { fields: ID, rows: ids(0, 1, 2, 3, 4, 5, 6, 7, 8, 9) });
    const deletionVector = await vectorOf(store, 0, 3, 4, 5, 9);
    await store.commit(0, [PROTOCOL, definition(ID), addOf('a', { deletionVector })]);
    for (const batchRows of [1, 3, 100]) {
      const table = await DeltaTable.open(store, { batchRows });
      const rows = ['{"id":1}', '{"id":2}', '{"id":6}', '{"id":7}', '{"id":8}'];
      expect(await canonicalRows(table.rows())).toEqual(rows);
    }
  });

  it('have columns in the order that is asked for, whatever the case of their names', async () => {
    const store = new MemoryStore();
    const fields = [...ID, field('Name', STRING), field('p', INT)];
    await putParquet(store, 'a', { fields: fields.slice(0, 2), rows: [[1n, 'x']] });
    await store.commit(0, [
      PROTOCOL,
      definition(fields, { partitionColumns: ['p'] }),
      addOf('a', { partitionValues: { p: '7' } }),
    ]);
    const table = await DeltaTable.open(store);
    expect(await canonicalRows(table.rows())).toEqual(['{"id":1,"Name":"x","p":7}']);
    expect(await canonicalRows(table.rows({ columns: ['p', 'name'] }))).toEqual([
      '{"p":7,"Name":"x"}',
    ]);
    expect(await canonicalRows(table.rows({ columns: ['p'] }))).toEqual(['{"p":7}']);
    expect(await canonicalRows(table.rows({ columns: [] }))).toEqual(['{}']);
    await expect(canonicalRows(table.rows({ columns: ['q'] }))).rejects.toEqual(
      code('delta/column-missing'),
    );
  });

  it('have NULL where a file is older than a column, and wider types', async () => {
    const store = new MemoryStore();
    const old = [field('id', INT), field('d', { kind: 'date' })];
    const inner = { kind: 'struct', fields: [field('x', INT)] } as const;
    await putParquet(store, 'a', {
      fields: [...old, field('s', inner)],
      rows: [[1, 2, { x: 3 }]],
    });
    const wide = { kind: 'struct', fields: [field('x', LONG), field('y', STRING)] } as const;
    const fields = [
      field('id', LONG),
      field('d', { kind: 'timestamp', zone: 'none' }),
      field('s', wide),
      field('later', STRING),
    ];
    const list = { kind: 'list', element: field('element', wide) } as const;
    await store.commit(0, [PROTOCOL, definition([...fields, field('l', list)]), addOf('a')]);
    expect(await canonicalRows((await DeltaTable.open(store)).rows())).toEqual([
      '{"id":1,"d":"1970-01-03T00:00:00.000000","s":{"x":3,"y":null},"later":null,"l":null}',
    ]);
  });

  it.each(['name', 'id'])('D22: are found by column mapping, mode %s', async (mode) => {
    const store = new MemoryStore();
    const mapped = (name: string, id: number, type: unknown): object => ({
      name,
      type,
      nullable: true,
      metadata: {
        'delta.columnMapping.id': id,
        // By id, the names in the file do not matter.
        'delta.columnMapping.physicalName': mode === 'name' ? `c${id}` : `other${id}`,
      },
    });
    const structOf = (...fields: object[]): object => ({ type: 'struct', fields });
    const arrayOf = (elementType: unknown): object => ({
      type: 'array',
      elementType,
      containsNull: true,
    });
    const mapOf = (valueType: unknown): object => ({
      type: 'map',
      keyType: 'string',
      valueType,
      valueContainsNull: true,
    });
    const schemaString = JSON.stringify(
      structOf(
        mapped('id', 1, 'long'),
        mapped('list', 2, arrayOf(structOf(mapped('x', 3, 'integer')))),
        mapped('map', 4, mapOf(structOf(mapped('y', 5, 'integer')))),
        mapped('part', 6, 'string'),
      ),
    );
    const x = { kind: 'struct', fields: [field('c3', INT, 3)] } as const;
    const y = { kind: 'struct', fields: [field('c5', INT, 5)] } as const;
    const map = {
      kind: 'map',
      key: { ...field('key', STRING), nullable: false },
      value: field('value', y),
    } as const;
    const fields = [
      field('c4', map, 4),
      field('c2', { kind: 'list', element: field('element', x) }, 2),
      field('c1', LONG, 1),
    ];
    const row: FieldValue[] = [[['k', { c5: 8 }]], [{ c3: 7 }, null], 1n];
    await putParquet(store, 'a', { fields, rows: [row] });
    const change = field('_change_type', STRING);
    await putParquet(store, 'c', { fields: [...fields, change], rows: [[...row, 'delete']] });
    const configuration = { 'delta.columnMapping.mode': mode };
    const partitionValues = { [mode === 'name' ? 'c6' : 'other6']: 'P' };
    await store.commit(0, [
      { protocol: { minReaderVersion: 2, minWriterVersion: 5 } },
      definition([], { configuration, schemaString, partitionColumns: ['part'] }),
      addOf('a', { partitionValues }),
    ]);
    await store.commit(1, [
      { cdc: { path: 'c', partitionValues, size: 0, dataChange: false } },
      { remove: { path: 'a', dataChange: true } },
    ]);
    const table = await DeltaTable.open(store);
    const json = '"id":1,"list":[{"x":7},null],"map":[["k",{"y":8}]],"part":"P"';
    expect(await canonicalRows(table.rows({ version: 0 }))).toEqual([`{${json}}`]);
    const changes = table.changes({ from: { version: 1 } });
    expect(await canonicalRows(changes, ['_commit_timestamp'])).toEqual([
      `{${json},"_change_type":"delete","_commit_version":1}`,
    ]);
  });

  it('are found although the log has a wrong size of the file', async () => {
    const store = new MemoryStore();
    await putParquet(store, 'a', { fields: ID, rows: ids(1) });
    for (const size of [1, 7, 100_000]) {
      await store.commit(0, [PROTOCOL, definition(ID), addOf('a', { size })]);
      const table = await DeltaTable.open(store);
      expect(await canonicalRows(table.rows())).toEqual(['{"id":1}']);
    }
    await store.put('a', 'this is no Parquet file');
    const table = await DeltaTable.open(store);
    await expect(canonicalRows(table.rows())).rejects.toEqual(code('lake/parquet-corrupt'));
    await store.delete('a');
    await expect(canonicalRows(table.rows())).rejects.toMatchObject({
      code: 'delta/file-missing',
      context: { key: 'a' },
    });
  });
});

describe('the change feed', () => {
  const changes = async (table: DeltaTable, ...[options]: Parameters<DeltaTable['changes']>) =>
    canonicalRows(table.changes(options), ['_commit_timestamp']);

  it('D13: has cdc files alone where a commit has any, else adds and removes', async () => {
    const store = new MemoryStore();
    await putParquet(store, 'a', { fields: ID, rows: ids(1, 2) });
    await putParquet(store, 'b', { fields: ID, rows: ids(2) });
    const change = [...ID, field('_change_type', STRING)];
    await putParquet(store, '_change_data/c', { fields: change, rows: [[1n, 'delete']] });
    await store.commit(0, [PROTOCOL, definition(ID), addOf('a')], 1000);
    const cdc = { path: '_change_data/c', partitionValues: {}, size: 0, dataChange: false };
    await store.commit(1, [remove('a'), addOf('b'), { cdc }], 2000);
    await store.commit(2, [remove('b')], 3000);
    const table = await DeltaTable.open(store);
    const line = (id: number, type: string, version: number): string =>
      `{"id":${id},"_change_type":"${type}","_commit_version":${version}}`;
    expect(await changes(table, { from: { version: 0 } })).toEqual([
      line(1, 'delete', 1),
      line(1, 'insert', 0),
      line(2, 'delete', 2),
      line(2, 'insert', 0),
    ]);
    const timed = table.changes({ from: { version: 1n }, to: { version: 1n } });
    expect(await canonicalRows(timed)).toEqual([
      '{"id":1,"_change_type":"delete","_commit_version":1,"_commit_timestamp":"1970-01-01T00:00:02.000000Z"}',
    ]);
    expect(await changes(table, { from: {}, to: { version: 0 }, columns: [] })).toEqual([
      '{"_change_type":"insert","_commit_version":0}',
      '{"_change_type":"insert","_commit_version":0}',
    ]);
  });

  it('tells what a deletion vector newly deletes, and what it gives back', async () => {
    const store = new MemoryStore();
    await putParquet(store, 'a', { fields: ID, rows: ids(0, 1, 2, 3) });
    const one = await vectorOf(store, 1);
    const two = await vectorOf(store, 2, 3, 99);
    const removed = (more: object): Action => ({
      remove: { path: 'a', dataChange: true, ...more },
    });
    await store.commit(0, [PROTOCOL, definition(ID), addOf('a')]);
    await store.commit(1, [addOf('a', { deletionVector: one }), removed({})]);
    await store.commit(2, [removed({ deletionVector: one }), addOf('a', { deletionVector: two })]);
    await store.commit(3, [removed({ deletionVector: two })]);
    const table = await DeltaTable.open(store);
    const at = async (version: number): Promise<string[]> => {
      const rows = await changes(table, { from: { version }, to: { version } });
      return rows.map((row) => row.replace(/,"_commit.*/, '').replace(/.*:(\d),.*:"/, '$1 '));
    };
    expect(await at(1)).toEqual(['1 delete"']);
    expect(await at(2)).toEqual(['1 insert"', '2 delete"', '3 delete"']);
    expect(await at(3)).toEqual(['0 delete"', '1 delete"']);
  });

  it('D16: has nothing of commits that only rearrange rows', async () => {
    const store = new MemoryStore();
    await store.commit(0, [PROTOCOL, definition(ID), addOf('gone', { dataChange: false })]);
    await store.commit(1, [
      { remove: { path: 'gone', dataChange: false } },
      addOf('also gone', { dataChange: false }),
    ]);
    expect(await changes(await DeltaTable.open(store), { from: { version: 0 } })).toEqual([]);
  });

  it('finds partition values that a remove leaves out', async () => {
    const store = new MemoryStore();
    await putParquet(store, 'a', { fields: ID, rows: ids(1) });
    const fields = [...ID, field('p', STRING)];
    await store.commit(0, [
      PROTOCOL,
      definition(fields, { partitionColumns: ['p'] }),
      addOf('a', { partitionValues: { p: 'x' } }),
    ]);
    await store.commit(1, [remove('a')]);
    expect(await changes(await DeltaTable.open(store), { from: { version: 1 } })).toEqual([
      '{"id":1,"p":"x","_change_type":"delete","_commit_version":1}',
    ]);
  });

  it('D15: fails over versions where it was off', async () => {
    const store = new MemoryStore();
    const off = definition(ID, { configuration: { 'delta.enableChangeDataFeed': 'false' } });
    await store.commit(0, [PROTOCOL, off]);
    await store.commit(1, [definition(ID)]);
    await store.commit(2, [off]);
    const table = await DeltaTable.open(store);
    const range = (from: number, to: number): Promise<string[]> =>
      changes(table, { from: { version: from }, to: { version: to } });
    expect(await range(1, 1)).toEqual([]);
    await expect(range(0, 1)).rejects.toMatchObject({
      code: 'delta/feed-off',
      context: { version: 0n },
    });
    await expect(range(1, 2)).rejects.toMatchObject({ context: { version: 2n } });
  });

  it('D17: ends where columns are renamed, dropped or of another type', async () => {
    const struct = (...fields: Field[]): Field['type'] => ({ kind: 'struct', fields });
    const list = (type: Field['type']): Field['type'] => ({
      kind: 'list',
      element: field('element', type),
    });
    const map = (key: Field['type'], value: Field['type']): Field['type'] => ({
      kind: 'map',
      key: { ...field('key', key), nullable: false },
      value: field('value', value),
    });
    const cases: readonly (readonly [Field['type'], Field['type'], string | undefined])[] = [
      [INT, LONG, undefined],
      [LONG, INT, 'column c got another type'],
      [INT, STRING, 'column c got another type'],
      [INT, list(INT), 'column c got another type'],
      [list(INT), list(LONG), undefined],
      [list(LONG), list(STRING), 'column c.element got another type'],
      [list(INT), map(STRING, INT), 'column c got another type'],
      [map(STRING, INT), map(STRING, LONG), undefined],
      [map(LONG, INT), map(STRING, INT), 'column c.key got another type'],
      [map(STRING, LONG), map(STRING, INT), 'column c.value got another type'],
      [struct(field('x', INT)), struct(field('y', INT), field('x', INT)), undefined],
      [struct(field('x', INT)), struct(field('y', INT)), 'column c.x was dropped'],
      [struct(field('x', INT)), INT, 'column c got another type'],
    ];
    for (const [before, after, what] of cases) {
      const store = new MemoryStore();
      await store.commit(0, [PROTOCOL, definition([field('c', before)])]);
      await store.commit(1, [definition([field('c', after), field('added', INT)])]);
      const table = await DeltaTable.open(store);
      const read = changes(table, { from: { version: 0 } });
      if (what === undefined) expect(await read).toEqual([]);
      else {
        await expect(read).rejects.toMatchObject({
          code: 'delta/feed-schema-change',
          message: expect.stringContaining(what),
          context: { version: 0n, schemaVersion: 1n },
        });
      }
      expect(await changes(table, { from: { version: 1 } })).toEqual([]);
    }
  });

  it('D17: knows a renamed column by its physical name', async () => {
    const schema = (name: string): string =>
      JSON.stringify({
        type: 'struct',
        fields: [
          {
            name,
            type: 'long',
            nullable: true,
            metadata: { 'delta.columnMapping.physicalName': 'c1', 'delta.columnMapping.id': 1 },
          },
        ],
      });
    const configuration = { 'delta.columnMapping.mode': 'name' };
    const store = new MemoryStore();
    await store.commit(0, [
      { protocol: { minReaderVersion: 2, minWriterVersion: 5 } },
      definition([], { configuration, schemaString: schema('a') }),
    ]);
    await store.commit(1, [definition([], { configuration, schemaString: schema('b') })]);
    const table = await DeltaTable.open(store);
    await expect(changes(table, { from: { version: 0 } })).rejects.toThrow(
      'column a was renamed to b',
    );
  });

  it('has ranges of times, and none that the log does not have', async () => {
    const store = new MemoryStore();
    for (const version of [0, 1, 2]) {
      await putParquet(store, String(version), { fields: ID, rows: ids(version) });
      const actions = version === 0 ? [PROTOCOL, definition(ID)] : [];
      await store.commit(version, [...actions, addOf(String(version))], 1000 + version * 1000);
    }
    const table = await DeltaTable.open(store);
    const versions = async (from: number, to?: number): Promise<string> => {
      const until = to === undefined ? {} : { to: { timestampMs: to } };
      const range = { from: { timestampMs: from }, ...until };
      const rows = await changes(table, range);
      return rows.map((row) => /_version":(\d)/.exec(row)?.[1]).join('');
    };
    expect(await versions(0)).toBe('012');
    expect(await versions(1000, 2000)).toBe('01');
    expect(await versions(1001, 2999)).toBe('1');
    expect(await versions(2001, 2999)).toBe('');
    expect(await versions(3001)).toBe('');
    expect(await versions(0, 500)).toBe('');
    for (const range of [
      { from: { version: 3 } },
      { from: { version: 2 }, to: { version: 1 } },
      { from: { version: 0 }, to: { version: 3 } },
    ]) {
      await expect(changes(table, range)).rejects.toEqual(code('delta/version-missing'));
    }
    await store.delete('_delta_log/00000000000000000000.json');
    await expect(changes(table, { from: { version: 0 } })).rejects.toMatchObject({
      code: 'delta/version-missing',
      message: expect.stringContaining('the log has versions 1 to 2'),
    });
  });
});

describe('time travel', () => {
  it('finds the version of a time by the times of files', async () => {
    const store = new MemoryStore();
    // The third file was copied: its time is before that of the second.
    const times = [1000, 5000, 3000, 9000];
    for (const [version, timeMs] of times.entries()) {
      await store.commit(version, version === 0 ? [PROTOCOL, definition(ID)] : [], timeMs);
    }
    const table = await DeltaTable.open(store);
    const asked = [1000, 4999, 5000, 5001, 8999, 9000, 99999];
    const found = await Promise.all(asked.map((t) => table.versionAt(t)));
    expect(found).toEqual([0n, 0n, 1n, 2n, 2n, 3n, 3n]);
    await expect(table.versionAt(999)).rejects.toEqual(code('delta/time-out-of-range'));
    expect((await table.snapshot({ timestampMs: 5000 })).version).toBe(1n);
    expect((await table.snapshot({ version: 2 })).version).toBe(2n);
  });

  it('D24: goes by in-commit timestamps from where they begin', async () => {
    const store = new MemoryStore();
    const on = (enabled: object): Action =>
      definition(ID, {
        configuration: { 'delta.enableInCommitTimestamps': 'true', ...enabled },
      });
    const ict = (inCommitTimestamp: number): Action => ({
      commitInfo: { inCommitTimestamp, operation: 'W' },
    });
    await store.commit(0, [PROTOCOL, definition(ID)], 1000);
    await store.commit(1, [], 2000);
    const enabled = {
      'delta.inCommitTimestampEnablementVersion': '2',
      'delta.inCommitTimestampEnablementTimestamp': '3000',
    };
    await store.commit(2, [ict(3000), on(enabled)], 1);
    await store.commit(3, [ict(4000)], 1);
    const table = await DeltaTable.open(store);
    const found = await Promise.all([1000, 2999, 3000, 3999, 4000].map((t) => table.versionAt(t)));
    expect(found).toEqual([0n, 1n, 2n, 2n, 3n]);
    await store.commit(0, [ict(10), PROTOCOL, on({})], 1000);
    await store.commit(1, [ict(20)], 1000);
    await store.commit(2, [ict(30)], 1000);
    expect(await Promise.all([10, 19, 30].map((t) => table.versionAt(t)))).toEqual([0n, 0n, 2n]);
  });
});

describe('what a table tells of itself', () => {
  it('its history, the newest first', async () => {
    const store = new MemoryStore();
    await store.commit(
      0,
      [PROTOCOL, definition(ID), { commitInfo: { operation: 'CREATE' } }],
      1000,
    );
    await store.commit(1, [{ commitInfo: { operation: 'WRITE', inCommitTimestamp: 7 } }], 2000);
    await store.commit(2, [], 3000);
    const entries = [];
    for await (const entry of (await DeltaTable.open(store)).history()) entries.push(entry);
    expect(entries).toEqual([
      { version: 2n, timestampMs: 3000, operation: undefined, commitInfo: undefined },
      {
        version: 1n,
        timestampMs: 7,
        operation: 'WRITE',
        commitInfo: { operation: 'WRITE', inCommitTimestamp: 7 },
      },
      { version: 0n, timestampMs: 1000, operation: 'CREATE', commitInfo: { operation: 'CREATE' } },
    ]);
  });

  it('its definition and its files', async () => {
    const store = new MemoryStore();
    const deletionVector = await vectorOf(store, 1, 2);
    const schemaString = JSON.stringify({
      type: 'struct',
      fields: [
        { name: 'id', type: 'long', nullable: true, metadata: {} },
        { name: 'v', type: 'interval', nullable: true, metadata: {} },
      ],
    });
    await store.commit(
      0,
      [
        PROTOCOL,
        definition([], { schemaString }),
        { txn: { appId: 'x', version: 3n } },
        { domainMetadata: { domain: 'd', configuration: '{}', removed: false } },
        addOf('a', { size: 10, stats: '{"numRecords":5}', deletionVector }),
        addOf('b', { size: 20, stats: '{"numRecords":7,"minValues":{"id":12345678901234567890}}' }),
      ],
      1234,
    );
    const table = await DeltaTable.open(store);
    expect(await table.info()).toEqual({
      id: 'table',
      name: undefined,
      description: undefined,
      version: 0n,
      timestampMs: 1234,
      createdMs: undefined,
      fields: ID,
      unsupportedColumns: ['v'],
      partitionColumns: [],
      configuration: FEED,
      protocol: { minReaderVersion: 1, minWriterVersion: 2 },
      fileCount: 2,
      sizeInBytes: 30,
      deletionVectorCount: 1,
      records: { kind: 'exact', records: 10 },
      transactions: [{ appId: 'x', version: 3n }],
      domains: [{ domain: 'd', configuration: '{}', removed: false }],
    });
    const files = [];
    for await (const file of table.files()) files.push(file);
    expect(files[0]).toEqual({
      path: 'a',
      size: 10,
      modificationMs: 1,
      partitionValues: {},
      records: { kind: 'exact', records: 3 },
      deletedRecords: 2,
    });
    await store.commit(1, [addOf('c', { stats: 'damaged' })]);
    expect((await table.info()).records).toEqual({ kind: 'unknown' });
    await store.commit(1, [addOf('c', { stats: '{"numRecords":"x"}' })]);
    expect((await table.info()).records).toEqual({ kind: 'unknown' });
  });

  it('nothing when it is no table', async () => {
    await expect(DeltaTable.open(new MemoryStore())).rejects.toEqual(code('delta/not-a-table'));
    await expect(DeltaTable.open('/no/such/folder')).rejects.toEqual(code('delta/not-a-table'));
  });
});

describe('rows as objects', () => {
  it('have the names of their columns, batch after batch', async () => {
    async function* batches(): AsyncGenerator<ColumnBatch> {
      for (const id of [1n, 2n]) {
        const batch = new ColumnBatch([
          { id: 0, name: 'id', type: { kind: 'int', bits: 64 }, nullable: false },
          { id: 0, name: '__proto__', type: { kind: 'string' }, nullable: true },
        ]);
        batch.appendRow([id, null]);
        yield batch;
      }
    }
    const rows: Row[] = [];
    for await (const row of rowObjects(batches())) rows.push(row);
    expect(rows.map((row) => Object.entries(row))).toEqual([
      [
        ['id', 1n],
        ['__proto__', null],
      ],
      [
        ['id', 2n],
        ['__proto__', null],
      ],
    ]);
  });
});
