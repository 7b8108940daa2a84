import { describe, expect, it } from '@jest/globals';
import type { Field, FieldValue } from '@cdc-demo/cdc-core';
import { canonicalRows } from '@cdc-demo/cdc-testing';
import { DeltaTable } from './delta-table.ts';
import type { Action } from './log/actions.ts';
import { putParquet } from './read/parquet-file.fixture.ts';
import { fromFields } from './schema/from-fields.ts';
import { formatSchema } from './schema/parse-schema.ts';
import { MemoryStore, PROTOCOL, add, metadata } from './snapshot/memory-store.fixture.ts';

const field = (name: string, type: Field['type'], id = 0): Field => ({
  id,
  name,
  type,
  nullable: true,
});
const LONG = { kind: 'int', bits: 64 } as const;
const STRING = { kind: 'string' } as const;
const ID = [field('id', LONG)];

const features = (...names: string[]): Action => ({
  protocol: {
    minReaderVersion: 3,
    minWriterVersion: 7,
    readerFeatures: names,
    writerFeatures: names,
  },
});

function definition(
  fields: readonly Field[],
  more: {
    readonly partitionColumns?: string[];
    readonly configuration?: Record<string, string>;
  } = {},
): Action {
  return {
    metaData: {
      id: 'table',
      format: { provider: 'parquet', options: {} },
      schemaString: formatSchema(fromFields(fields)),
      partitionColumns: more.partitionColumns ?? [],
      configuration: more.configuration ?? {},
    },
  };
}

const put = (store: MemoryStore, key: string, ...ids: bigint[]): Promise<void> =>
  putParquet(store, key, { fields: ID, rows: ids.map((id): FieldValue[] => [id]) });

describe('a table of the protocol', () => {
  it('D11, D26: has every type that Delta has, each as it is stored', async () => {
    const fields: Field[] = [
      field('boolean', { kind: 'boolean' }),
      field('byte', { kind: 'int', bits: 8 }),
      field('short', { kind: 'int', bits: 16 }),
      field('integer', { kind: 'int', bits: 32 }),
      field('long', LONG),
      field('float', { kind: 'float', bits: 32 }),
      field('double', { kind: 'float', bits: 64 }),
      field('decimal', { kind: 'decimal', precision: 38, scale: 18 }),
      field('string', STRING),
      field('binary', { kind: 'binary' }),
      field('date', { kind: 'date' }),
      field('timestamp', { kind: 'timestamp', zone: 'utc' }),
      field('timestamp_ntz', { kind: 'timestamp', zone: 'none' }),
      field('array', { kind: 'list', element: field('element', STRING) }),
      field('map', {
        kind: 'map',
        key: { ...field('key', STRING), nullable: false },
        value: field('value', LONG),
      }),
      field('struct', { kind: 'struct', fields: [field('a', LONG), field('b', STRING)] }),
    ];
    const values: FieldValue[] = [
      true,
      -128,
      -32768,
      -(2 ** 31),
      -(2n ** 63n),
      Math.fround(0.1),
      0.1,
      -(10n ** 38n - 1n),
      'ä\u0000',
      Uint8Array.of(0, 255),
      -719_162,
      -1n,
      253_402_300_799_999_999n,
      ['x', null],
      [['k', 1n]],
      { a: 2n ** 60n, b: null },
    ];
    const store = new MemoryStore();
    await store.commit(0, [features('timestampNtz'), definition(fields), add('a')]);
    await putParquet(store, 'a', { fields, rows: [values, fields.map(() => null)] });
    const table = await DeltaTable.open(store);
    const [, full] = await canonicalRows(table.rows());
    expect(full).toBe(
      '{"boolean":true,"byte":-128,"short":-32768,"integer":-2147483648,' +
        '"long":"-9223372036854775808","float":0.1,"double":0.1,' +
        '"decimal":"-99999999999999999999.999999999999999999","string":"ä\\u0000","binary":"00ff",' +
        '"date":"0001-01-01","timestamp":"1969-12-31T23:59:59.999999Z",' +
        '"timestamp_ntz":"9999-12-31T23:59:59.999999","array":["x",null],"map":[["k",1]],' +
        '"struct":{"a":"1152921504606846976","b":null}}',
    );
    expect((await table.info()).fields).toEqual(fields);
  });

  it('D14: has change files without partition columns, whose type of change is in the file', async () => {
    const fields = [...ID, field('p', STRING)];
    const configuration = { 'delta.enableChangeDataFeed': 'true' };
    const store = new MemoryStore();
    await store.commit(0, [
      PROTOCOL,
      definition(fields, { partitionColumns: ['p'], configuration }),
    ]);
    await store.commit(1, [
      {
        cdc: {
          path: '_change_data/p=x/c',
          partitionValues: { p: 'x' },
          size: 1,
          dataChange: false,
        },
      },
    ]);
    await putParquet(store, '_change_data/p=x/c', {
      fields: [...ID, field('_change_type', STRING)],
      rows: [
        [1n, 'update_preimage'],
        [2n, 'update_postimage'],
      ],
    });
    const changes = (await DeltaTable.open(store)).changes({ from: { version: 1 } });
    expect(await canonicalRows(changes, ['_commit_timestamp'])).toEqual([
      '{"id":1,"p":"x","_change_type":"update_preimage","_commit_version":1}',
      '{"id":2,"p":"x","_change_type":"update_postimage","_commit_version":1}',
    ]);
  });

  it('D19: has paths that are decoded once, and values that only the log has', async () => {
    const store = new MemoryStore();
    const fields = [...ID, field('p', STRING)];
    const file = (path: string, p: string | null): Action => ({
      add: { path, partitionValues: { p }, size: 1, modificationTime: 1, dataChange: true },
    });
    await store.commit(0, [
      PROTOCOL,
      definition(fields, { partitionColumns: ['p'] }),
      file('p=a%2520b/%C3%A4%23%3F.parquet', 'a b'),
      file('p=other/x', null),
      file('memory:///table/deep%20er/y', ''),
    ]);
    await put(store, 'p=a%20b/ä#?.parquet', 1n);
    await put(store, 'p=other/x', 2n);
    await put(store, 'deep er/y', 3n);
    expect(await canonicalRows((await DeltaTable.open(store)).rows())).toEqual([
      '{"id":1,"p":"a b"}',
      '{"id":2,"p":null}',
      '{"id":3,"p":null}',
    ]);
  });

  it('D22: in mode id is refused where a file has no ids, rather than read as NULL', async () => {
    const store = new MemoryStore();
    const mapped = {
      ...ID[0]!,
      metadata: { 'delta.columnMapping.id': 1, 'delta.columnMapping.physicalName': 'col-1' },
    };
    const schema = {
      type: 'struct',
      fields: [{ name: 'id', type: 'long', nullable: true, metadata: mapped.metadata }],
    };
    await store.commit(0, [
      { protocol: { minReaderVersion: 2, minWriterVersion: 5 } },
      {
        metaData: {
          id: 'table',
          format: { provider: 'parquet', options: {} },
          schemaString: JSON.stringify(schema),
          partitionColumns: [],
          configuration: { 'delta.columnMapping.mode': 'id' },
        },
      },
      add('without-ids'),
    ]);
    await putParquet(store, 'without-ids', { fields: [field('col-1', LONG)], rows: [[1n]] });
    await expect(canonicalRows((await DeltaTable.open(store)).rows())).rejects.toMatchObject({
      code: 'delta/field-ids-missing',
      context: { path: 'without-ids' },
    });
    await putParquet(store, 'without-ids', { fields: [field('any name', LONG, 1)], rows: [[1n]] });
    expect(await canonicalRows((await DeltaTable.open(store)).rows())).toEqual(['{"id":1}']);
  });

  it('D29: is what its log says, whatever a version checksum says', async () => {
    const store = new MemoryStore();
    await store.commit(0, [PROTOCOL, metadata(), add('a')]);
    await store.put(`_delta_log/${'0'.repeat(20)}.crc`, '{"numFiles":99,"tableSizeBytes":');
    await put(store, 'a', 7n);
    expect(await canonicalRows((await DeltaTable.open(store)).rows())).toEqual(['{"id":7}']);
  });

  it.each(['catalogManaged', 'catalogOwned-preview'])(
    'D32: with %s is refused, and staged commits are not looked at',
    async (feature) => {
      const store = new MemoryStore();
      await store.commit(0, [PROTOCOL, metadata(), add('a')]);
      await put(store, 'a', 7n);
      await store.put(
        `_delta_log/_staged_commits/${'1'.padStart(20, '0')}.some-uuid.json`,
        'not read',
      );
      const table = await DeltaTable.open(store);
      expect(await canonicalRows(table.rows())).toEqual(['{"id":7}']);
      await store.commit(1, [features(feature, 'inCommitTimestamp')]);
      await expect(canonicalRows(table.rows())).rejects.toMatchObject({
        code: 'delta/unsupported-feature',
        message: expect.stringContaining(feature),
      });
      expect(store.reads.filter((key) => key.includes('_staged_commits'))).toEqual([]);
    },
  );
});
