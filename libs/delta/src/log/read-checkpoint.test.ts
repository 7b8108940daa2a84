import { describe, expect, it } from '@jest/globals';
import type { Field, FieldValue } from '@cdc-demo/cdc-core';
import { putParquet } from '../read/parquet-file.fixture.ts';
import { MemoryStore } from '../snapshot/memory-store.fixture.ts';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import { readDefinition } from '../snapshot/read-definition.ts';

const field = (name: string, type: Field['type']): Field => ({ id: 0, name, type, nullable: true });
const required = (name: string, type: Field['type']): Field => ({
  ...field(name, type),
  nullable: false,
});
const STRING = { kind: 'string' } as const;
const LONG = { kind: 'int', bits: 64 } as const;
const INT = { kind: 'int', bits: 32 } as const;
const BOOLEAN = { kind: 'boolean' } as const;
const MAP = { kind: 'map', key: required('key', STRING), value: field('value', STRING) } as const;
const struct = (...fields: Field[]): Field['type'] => ({ kind: 'struct', fields });

const PROTOCOL = field(
  'protocol',
  struct(
    field('minReaderVersion', INT),
    field('minWriterVersion', INT),
    field('writerFeatures', { kind: 'list', element: field('element', STRING) }),
  ),
);
const METADATA = field(
  'metaData',
  struct(field('id', STRING), field('schemaString', STRING), field('configuration', MAP)),
);
const TXN = field('txn', struct(field('appId', STRING), field('version', LONG)));
const SIDECAR = field(
  'sidecar',
  struct(field('path', STRING), field('sizeInBytes', LONG), field('modificationTime', LONG)),
);
const ADD_FIELDS = [
  field('path', STRING),
  field('partitionValues', MAP),
  field('size', LONG),
  field('modificationTime', LONG),
  field('dataChange', BOOLEAN),
  field('baseRowId', LONG),
];
const ADD = field(
  'add',
  struct(
    ...ADD_FIELDS,
    field('stats', STRING),
    field('stats_parsed', struct(field('numRecords', LONG))),
  ),
);

const protocol = { minReaderVersion: 1, minWriterVersion: 7, writerFeatures: ['a', 'b'] };
const metaData = {
  id: 'table',
  schemaString: '{"type":"struct","fields":[]}',
  configuration: [['k', 'v']],
};
const add = (path: string, more: object = {}): FieldValue => ({
  path,
  partitionValues: [
    ['p', 'x'],
    ['q', null],
  ],
  size: 5n,
  modificationTime: 6n,
  dataChange: false,
  baseRowId: 2n ** 60n,
  ...more,
});

const prefix = '_delta_log/00000000000000000004';

describe('a checkpoint in Parquet', () => {
  it('has the actions that commits have', async () => {
    const store = new MemoryStore();
    await putParquet(store, `${prefix}.checkpoint.parquet`, {
      fields: [TXN, ADD, METADATA, PROTOCOL, field('future', struct(field('x', INT)))],
      rows: [
        [{ appId: 'app', version: 2n ** 62n }, null, null, null, null],
        [
          null,
          add('one', { stats: '{"numRecords":3}', stats_parsed: { numRecords: 4n } }),
          null,
          null,
          null,
        ],
        [null, null, metaData, null, null],
        [null, null, null, protocol, null],
        [null, null, null, null, { x: 1 }],
      ],
    });
    const snapshot = await openSnapshot(store);
    expect(snapshot.protocol).toEqual(protocol);
    expect(snapshot.metadata).toMatchObject({ id: 'table', configuration: { k: 'v' } });
    expect(snapshot.transactions.get('app')).toEqual({ appId: 'app', version: 2n ** 62n });
    expect([...snapshot.files()]).toEqual([
      {
        path: 'one',
        partitionValues: { p: 'x', q: null },
        size: 5,
        modificationTime: 6,
        dataChange: false,
        baseRowId: 2n ** 60n,
        stats: '{"numRecords":3}',
      },
    ]);
  });

  it('in parts and beside a commit that is newer', async () => {
    const store = new MemoryStore();
    const part = (of: number): string => `${prefix}.checkpoint.000000000${of}.0000000002.parquet`;
    await putParquet(store, part(1), {
      fields: [PROTOCOL, METADATA],
      rows: [
        [protocol, null],
        [null, metaData],
      ],
    });
    await putParquet(store, part(2), { fields: [ADD], rows: [[add('one')], [add('two')]] });
    await store.commit(5, [{ remove: { path: 'one', dataChange: true } }]);
    const snapshot = await openSnapshot(store);
    expect([...snapshot.files()].map(({ path }) => path)).toEqual(['two']);
    expect(snapshot.version).toBe(5n);
  });

  it('has its files in sidecars, which a definition does not need', async () => {
    const store = new MemoryStore();
    const sidecar = (path: string): object => ({ path, sizeInBytes: 1n, modificationTime: 1n });
    await putParquet(store, `${prefix}.checkpoint.a-uuid.parquet`, {
      fields: [PROTOCOL, METADATA, SIDECAR],
      rows: [
        [protocol, null, null],
        [null, metaData, null],
        [null, null, sidecar('a%20b.parquet') as FieldValue],
        [null, null, sidecar('file:///table/_delta_log/_sidecars/c.parquet') as FieldValue],
      ],
    });
    await putParquet(store, '_delta_log/_sidecars/a b.parquet', {
      fields: [ADD],
      rows: [[add('one')]],
    });
    await putParquet(store, '_delta_log/_sidecars/c.parquet', {
      fields: [ADD],
      rows: [[add('two')]],
    });
    const snapshot = await openSnapshot(store);
    expect([...snapshot.files()].map(({ path }) => path)).toEqual(['one', 'two']);
    await store.delete('_delta_log/_sidecars/c.parquet');
    expect((await readDefinition(store)).metadata.id).toBe('table');
    await expect(openSnapshot(store)).rejects.toMatchObject({ code: 'delta/file-missing' });
  });

  it('with statistics in typed form only gives them as text', async () => {
    const store = new MemoryStore();
    const types: readonly (readonly [Field['type'], FieldValue])[] = [
      [LONG, 12345678901234567n],
      [{ kind: 'float', bits: 64 }, 0.5],
      [{ kind: 'float', bits: 64 }, Number.NaN],
      [{ kind: 'decimal', precision: 38, scale: 2 }, 12345678901234567890n],
      [{ kind: 'date' }, 1],
      [{ kind: 'timestamp', zone: 'utc' }, 1_000_000n],
      [STRING, 'a"b'],
      [BOOLEAN, true],
      [{ kind: 'binary' }, Uint8Array.of(1)],
      [INT, null],
    ];
    const values = struct(...types.map(([type], i) => field(`c${i}`, type)));
    const stats = struct(field('numRecords', LONG), field('minValues', values));
    const minValues = Object.fromEntries(types.map(([, value], i) => [`c${i}`, value]));
    await putParquet(store, `${prefix}.checkpoint.parquet`, {
      fields: [
        field('add', struct(...ADD_FIELDS, field('stats_parsed', stats))),
        PROTOCOL,
        METADATA,
      ],
      rows: [
        [add('one', { stats_parsed: { numRecords: 3n, minValues } }), null, null],
        [add('two'), null, null],
        [null, protocol, null],
        [null, null, metaData],
      ],
    });
    const [one, two] = [...(await openSnapshot(store)).files()];
    expect(one?.stats).toBe(
      '{"numRecords":3,"minValues":{"c0":12345678901234567,"c1":0.5,"c3":123456789012345678.90,' +
        '"c4":"1970-01-02","c5":"1970-01-01T00:00:01.000000Z","c6":"a\\"b","c7":true}}',
    );
    expect(two).not.toHaveProperty('stats');
  });

  it('with an action that is not whole is refused', async () => {
    const store = new MemoryStore();
    await putParquet(store, `${prefix}.checkpoint.parquet`, {
      fields: [TXN],
      rows: [[{ appId: 'app', version: null }]],
    });
    await expect(openSnapshot(store)).rejects.toMatchObject({
      code: 'delta/log-corrupt',
      message: expect.stringContaining('txn.version is not an integer'),
    });
  });
});
