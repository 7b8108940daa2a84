import { canonicalRows } from '@cdc-demo/cdc-testing';
import type { Field } from '@cdc-demo/cdc-core';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { IcebergTable } from './iceberg-table.ts';
import { rowObjects } from './index.ts';
import { TestTable } from './table.fixture.ts';
import type { TestFile } from './table.fixture.ts';

const ID: Field = { id: 1, name: 'id', type: { kind: 'int', bits: 64 }, nullable: false };
const NAME: Field = { id: 2, name: 'name', type: { kind: 'string' }, nullable: true };
const COLUMNS = [
  { id: 1, name: 'id', type: 'long', required: true },
  { id: 2, name: 'name', type: 'string', required: false },
];
const PATH: Field = {
  id: 2147483546,
  name: 'file_path',
  type: { kind: 'string' },
  nullable: false,
};
const POS: Field = {
  id: 2147483545,
  name: 'pos',
  type: { kind: 'int', bits: 64 },
  nullable: false,
};

const people = (...ids: readonly number[]) => ids.map((id) => [BigInt(id), `n${id}`]);
const lines = (...ids: readonly number[]) => ids.map((id) => `{"id":${id},"name":"n${id}"}`);

describe('an Iceberg table', () => {
  let table: TestTable;
  let first: TestFile;

  beforeEach(async () => {
    table = await TestTable.create(COLUMNS);
    first = await table.parquet([ID, NAME], people(1, 2, 3, 4, 5, 6, 7));
  });
  afterEach(() => table[Symbol.asyncDispose]());

  const rows = async (options = {}): Promise<string[]> =>
    canonicalRows((await table.open()).rows(options));

  test('without a snapshot has no rows', async () => {
    expect(await rows()).toEqual([]);
    const opened = await table.open();
    expect(await opened.files()).toEqual([]);
    expect(await opened.info()).toMatchObject({ snapshotId: undefined, dataFiles: 0 });
  });

  test('is read at any snapshot, by id, time, branch and tag', async () => {
    const one = await table.commit([first]);
    const second = await table.parquet([ID, NAME], people(8));
    const two = await table.commit([second]);
    table.metadata['refs'] = {
      main: { 'snapshot-id': `#${two}`, type: 'branch' },
      old: { 'snapshot-id': `#${one}`, type: 'tag', 'max-ref-age-ms': 5 },
    };
    expect(await rows()).toEqual(lines(1, 2, 3, 4, 5, 6, 7, 8));
    const before = lines(1, 2, 3, 4, 5, 6, 7);
    expect(await rows({ snapshotId: one })).toEqual(before);
    expect(await rows({ timestampMs: 1_999 })).toEqual(before);
    expect(await rows({ ref: 'old' })).toEqual(before);
    expect(await rows({ ref: 'main' })).toHaveLength(8);
    await expect(rows({ snapshotId: 5n })).rejects.toMatchObject({
      code: 'iceberg/snapshot-missing',
    });
    await expect(rows({ ref: 'new' })).rejects.toMatchObject({ code: 'iceberg/ref-missing' });
    await expect(rows({ timestampMs: 999 })).rejects.toMatchObject({
      code: 'iceberg/time-out-of-range',
    });
    const opened = await table.open();
    expect(opened.snapshots.map(({ id }) => id)).toEqual([one, two]);
    expect(opened.refs.map(({ name }) => name)).toEqual(['main', 'old']);
    expect(opened.history.map(({ timestampMs }) => timestampMs)).toEqual([1000, 2000]);
    expect(await opened.info()).toMatchObject({
      snapshotId: two,
      formatVersion: 3,
      dataFiles: 2,
      deleteFiles: 0,
      fields: [ID, NAME],
    });
  });

  test('I20: loses the rows of deletion vectors, which overrule position deletes', async () => {
    await table.commit([first]);
    const positions = await table.parquet([PATH, POS], [[first.file_path, 0n]]);
    await table.commit([{ ...positions, content: 1 }]);
    expect(await rows()).toEqual(lines(2, 3, 4, 5, 6, 7));
    await table.commit([await table.vector(first, [1, 6])]);
    expect(await rows()).toEqual(lines(1, 3, 4, 5, 6));
  });

  test('I18: loses rows by position in files of the same commit or older ones', async () => {
    const second = await table.parquet([ID, NAME], people(8, 9));
    const positions = await table.parquet(
      [PATH, POS],
      [
        [first.file_path, 2n],
        [second.file_path, 1n],
      ],
    );
    await table.commit([first, { ...positions, content: 1 }]);
    await table.commit([second]);
    expect(await rows()).toEqual(lines(1, 2, 4, 5, 6, 7, 8, 9));
  });

  test('refuses positions that no file has', async () => {
    for (const position of [-1n, 2n ** 60n]) {
      await using other = await TestTable.create(COLUMNS);
      const file = await other.parquet([ID, NAME], people(1));
      const deletes = await other.parquet([PATH, POS], [[file.file_path, position]]);
      await other.commit([file, { ...deletes, content: 1 }]);
      await expect(canonicalRows((await other.open()).rows())).rejects.toMatchObject({
        code: 'iceberg/deletes-invalid',
      });
    }
  });

  test('I18, I19: loses rows by value in older files, also by a column that is not read', async () => {
    await table.commit([first]);
    const values = await table.parquet([NAME], [['n2'], ['n5'], ['n8']]);
    const again = await table.parquet([ID, NAME], people(8));
    await table.commit([{ ...values, content: 2, equality_ids: [2] }, again]);
    expect(await rows({ columns: ['id'] })).toEqual([1, 3, 4, 6, 7, 8].map((id) => `{"id":${id}}`));
  });

  test('I19: loses rows by the default of a column that their file does not have', async () => {
    await table.commit([first]);
    const rank = { id: 9, name: 'rank', type: 'long', required: false, 'initial-default': 7 };
    const fields = [...COLUMNS, rank];
    table.metadata['schemas'] = [{ type: 'struct', 'schema-id': 0, fields }];
    const RANK: Field = { id: 9, name: 'rank', type: { kind: 'int', bits: 64 }, nullable: true };
    const values = await table.parquet(
      [ID, RANK],
      [
        [3n, 7n],
        [4n, null],
      ],
    );
    await table.commit([{ ...values, content: 2, equality_ids: [1, 9] }]);
    expect(await rows({ columns: ['id', 'name'] })).toEqual(lines(1, 2, 4, 5, 6, 7));
  });

  test('gives columns and rows as they are asked for', async () => {
    await table.commit([first]);
    expect(await rows({ columns: ['NAME'], where: 'id >= 6' })).toEqual([
      '{"name":"n6"}',
      '{"name":"n7"}',
    ]);
    const opened = await table.open();
    const found = [];
    for await (const row of rowObjects(opened.rows({ where: "name = 'n3'" }))) found.push(row);
    expect(found).toEqual([{ id: 3n, name: 'n3' }]);
    await expect(rows({ columns: ['age'] })).rejects.toMatchObject({
      code: 'iceberg/column-missing',
    });
    await expect(rows({ where: 'age > 3' })).rejects.toMatchObject({ code: 'lake/predicate' });
  });

  test('does not open files that cannot hold a wanted row', async () => {
    const bound = (id: number): Buffer => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64LE(BigInt(id));
      return bytes;
    };
    const metrics = {
      lower_bounds: [{ key: 1, value: bound(1) }],
      upper_bounds: [{ key: 1, value: bound(7) }],
      value_counts: [{ key: 1, value: 7 }],
      null_value_counts: [{ key: 1, value: 0 }],
    };
    const gone = { ...first, ...metrics, file_path: `${table.location}/data/gone.parquet` };
    await table.commit([gone, await table.parquet([ID, NAME], people(9))]);
    expect(await rows({ where: 'id > 7' })).toEqual(lines(9));
    expect(await rows({ where: 'id IS NULL OR id = 0' })).toEqual([]);
    await expect(rows({ where: 'id > 6' })).rejects.toMatchObject({ code: 'iceberg/file-missing' });
  });

  test('numbers rows by their file, unless the file numbers them itself', async () => {
    const moved = await table.parquet(
      [
        ID,
        NAME,
        { id: 2147483540, name: '_row_id', type: { kind: 'int', bits: 64 }, nullable: true },
        { id: 2147483539, name: '_l', type: { kind: 'int', bits: 64 }, nullable: true },
      ],
      [
        [8n, 'n8', 3n, null],
        [9n, 'n9', null, 1n],
      ],
    );
    await table.commit([first]);
    await table.commit([moved]);
    const wanted = { lineage: true, columns: ['id'], where: 'id > 6' };
    expect(await rows(wanted)).toEqual([
      '{"id":7,"_row_id":6,"_last_updated_sequence_number":1}',
      '{"id":8,"_row_id":3,"_last_updated_sequence_number":2}',
      '{"id":9,"_row_id":101,"_last_updated_sequence_number":1}',
    ]);
  });

  test('fills columns that a file does not have from its partition, or by default', async () => {
    const partition = [
      ['region', ['null', 'string'], 1000],
      ['day', ['null', 'int'], 1001],
      ['price', ['null', 'bytes'], 1002],
      ['at', ['null', 'long'], 1003],
      ['key', ['null', { type: 'fixed', name: 'u', size: 16 }], 1004],
      ['raw', ['null', 'bytes'], 1005],
    ] as const;
    const types = ['string', 'date', 'decimal(9, 2)', 'timestamp', 'uuid', 'binary'];
    table.metadata['schemas'] = [
      {
        type: 'struct',
        'schema-id': 0,
        'identifier-field-ids': [1],
        fields: [
          ...COLUMNS,
          ...partition.map(([name], i) => ({ id: 10 + i, name, type: types[i], required: false })),
          { id: 30, name: 'rank', type: 'int', required: true, 'initial-default': 7 },
          { id: 31, name: 'price2', type: 'decimal(9, 2)', required: false },
        ],
      },
    ];
    table.metadata['default-spec-id'] = 1;
    table.metadata['partition-specs'] = [
      { 'spec-id': 0, fields: [] },
      {
        'spec-id': 1,
        fields: partition.map(([name, , id], i) => ({
          name,
          'source-id': 10 + i,
          'field-id': id,
          transform: 'identity',
        })),
      },
    ];
    const tuple = {
      region: 'eu',
      day: 1,
      price: Buffer.from([0xff, 0x38]),
      at: 1_000_000,
      key: Buffer.alloc(16, 0xab),
      raw: Buffer.from([1, 2]),
    };
    await table.commit([{ ...first, partition: tuple }], { specId: 1, partition });
    expect(await rows({ where: 'id = 1' })).toEqual([
      '{"id":1,"name":"n1","region":"eu","day":"1970-01-02","price":"-2.00",' +
        '"at":"1970-01-01T00:00:01.000000","key":"abababab-abab-abab-abab-abababababab",' +
        '"raw":"0102","rank":7,"price2":null}',
    ]);
    expect(await rows({ where: "region = 'us'" })).toEqual([]);
    table.metadata['schemas'] = [
      {
        type: 'struct',
        'schema-id': 0,
        'identifier-field-ids': [1],
        fields: [
          ...COLUMNS,
          { id: 10, name: 'region', type: 'string', required: false, 'initial-default': 'no' },
        ],
      },
    ];
    const nowhere = await table.parquet([ID, NAME], people(8));
    await table.commit([{ ...nowhere, partition: { ...tuple, region: null } }], {
      specId: 1,
      partition,
    });
    expect(await rows({ where: 'id = 8' })).toEqual(['{"id":8,"name":"n8","region":null}']);
    const opened = await table.open();
    expect(await opened.info()).toMatchObject({
      identifierFields: ['id'],
      partitionFields: partition.map(([name]) => ({ name, transform: 'identity' })),
    });
  });

  test('I18: keeps deletes to the partition that they were written for', async () => {
    const partition = [['region', ['null', 'string'], 1000]] as const;
    table.metadata['partition-specs'] = [
      { 'spec-id': 0, fields: [] },
      {
        'spec-id': 1,
        fields: [{ name: 'region', 'source-id': 2, 'field-id': 1000, transform: 'bucket[4]' }],
      },
    ];
    const second = await table.parquet([ID, NAME], people(1, 8));
    const in1 = { specId: 1, partition };
    await table.commit(
      [
        { ...first, partition: { region: 'a' } },
        { ...second, partition: { region: null } },
      ],
      in1,
    );
    const values = await table.parquet([ID], [[1n], [2n], [8n]]);
    const deletes = { ...values, content: 2, equality_ids: [1] } as const;
    await table.commit([{ ...deletes, partition: { region: 'a' } }], in1);
    expect(await rows()).toEqual([...lines(1, 3, 4, 5, 6, 7), ...lines(8)]);
    await table.commit([deletes]);
    expect(await rows()).toEqual(lines(3, 4, 5, 6, 7));
  });

  test('I25: finds the columns of files without ids by the name mapping', async () => {
    const strip = (field: Field): Field => ({ ...field, id: 0 });
    const city: Field = { id: 0, name: 'Town', type: { kind: 'string' }, nullable: true };
    const element: Field = {
      id: 0,
      name: 'element',
      type: { kind: 'struct', fields: [city] },
      nullable: true,
    };
    const fields: Field[] = [
      { ...strip(ID), name: 'ident' },
      { id: 0, name: 'at', type: { kind: 'struct', fields: [city] }, nullable: true },
      { id: 0, name: 'all', type: { kind: 'list', element }, nullable: true },
      {
        id: 0,
        name: 'by',
        type: { kind: 'map', key: { ...city, name: 'key', nullable: false }, value: element },
        nullable: true,
      },
    ];
    const file = await table.parquet(fields, [
      [1n, { Town: 'x' }, [{ Town: 'y' }], [['k', { Town: 'z' }]]],
    ]);
    await table.commit([file]);
    await expect(rows()).rejects.toMatchObject({ code: 'iceberg/field-ids-missing' });
    const place = (id: number) => ({
      type: 'struct',
      fields: [
        { id, name: 'city', type: 'string', required: false },
        { id: id + 1, name: 'zip', type: 'string', required: false },
      ],
    });
    table.metadata['schemas'] = [
      {
        type: 'struct',
        'schema-id': 0,
        fields: [
          ...COLUMNS,
          { id: 3, name: 'at', type: place(30), required: false },
          {
            id: 4,
            name: 'all',
            required: false,
            type: { type: 'list', 'element-id': 5, element: place(40), 'element-required': false },
          },
          {
            id: 6,
            name: 'by',
            required: false,
            type: {
              type: 'map',
              'key-id': 7,
              key: 'string',
              'value-id': 8,
              value: place(50),
              'value-required': false,
            },
          },
        ],
      },
    ];
    const names = (id: number) => ({
      names: ['element'],
      fields: [{ 'field-id': id, names: ['Town'] }],
    });
    table.metadata['properties'] = {
      'schema.name-mapping.default': JSON.stringify([
        { 'field-id': 1, names: ['id', 'ident'] },
        { 'field-id': 3, names: ['at'], fields: [{ 'field-id': 30, names: ['Town', 'city'] }] },
        { 'field-id': 4, names: ['all'], fields: [names(40)] },
        { 'field-id': 6, names: ['by'], fields: [names(50)] },
      ]),
    };
    expect(await rows()).toEqual([
      '{"id":1,"name":null,"at":{"city":"x","zip":null},"all":[{"city":"y","zip":null}],' +
        '"by":[["k",{"city":"z","zip":null}]]}',
    ]);
  });

  test('says which file is gone, of a wrong size, encrypted or of another format', async () => {
    await table.commit([{ ...first, file_size_in_bytes: 5 }]);
    expect(await rows()).toHaveLength(7);
    const cases: readonly (readonly [Partial<TestFile>, string])[] = [
      [{ file_path: `${table.location}/data/gone.parquet` }, 'iceberg/file-missing'],
      [{ file_path: 'gs://other/a.parquet' }, 'iceberg/foreign-storage'],
      [{ file_path: 'nowhere/a.parquet' }, 'iceberg/foreign-storage'],
      [{ file_format: 'orc' }, 'iceberg/unsupported-file'],
      [{ key_metadata: Buffer.from([1]) }, 'iceberg/unsupported-file'],
    ];
    for (const [change, code] of cases) {
      await using other = await TestTable.create(COLUMNS);
      await other.commit([{ ...first, ...change }]);
      const reading = canonicalRows((await other.open()).rows());
      await expect(reading).rejects.toMatchObject({ code });
    }
  });

  test('reads files that lie elsewhere, by URL or by path', async () => {
    const [, key = ''] = first.file_path.split(`${table.location}/`);
    await using other = await TestTable.create(COLUMNS);
    const elsewhere = await other.parquet([ID, NAME], people(9));
    const [, name = ''] = elsewhere.file_path.split(`${other.location}/`);
    await table.commit([
      { ...first, file_path: `file:${table.folder}/${key}` },
      { ...elsewhere, file_path: `${other.folder}/${name}` },
    ]);
    expect(await rows({ columns: ['id'] })).toHaveLength(8);
  });

  test('refuses deletes that cannot be', async () => {
    await table.commit([first]);
    const cases: readonly (readonly [TestFile, string])[] = [
      [await table.vector(first, [1], { record_count: 2 }), 'iceberg/deletes-invalid'],
      [
        { ...(await table.vector(first, [1], { content_offset: undefined as never })) },
        'iceberg/deletes-invalid',
      ],
      [await table.vector(first, [1], { content_offset: 3 }), 'lake/deletion-vector-corrupt'],
      [{ ...first, content: 2, equality_ids: [] }, 'iceberg/deletes-invalid'],
      [{ ...first, content: 2, equality_ids: [77] }, 'iceberg/deletes-invalid'],
    ];
    for (const [deletes, code] of cases) {
      await using other = await TestTable.create(COLUMNS);
      const file = await other.parquet([ID, NAME], people(1));
      await other.commit([file]);
      const { content_offset: offset, ...rest } = deletes;
      const whole = offset === undefined ? rest : deletes;
      const own = { ...whole, referenced_data_file: file.file_path };
      const [, key = ''] = own.file_path.split(`${table.location}/`);
      await other.store.put(key, (await table.store.get(key)) ?? Buffer.alloc(0));
      await other.commit([own]);
      const reading = canonicalRows((await other.open()).rows());
      await expect(reading).rejects.toMatchObject({ code });
    }
  });

  test('ignores entries that are deleted, and reads columns whose neighbours it cannot', async () => {
    const gone = await table.parquet([ID, NAME], people(9));
    table.metadata['schemas'] = [
      {
        type: 'struct',
        'schema-id': 0,
        fields: [...COLUMNS, { id: 9, name: 'shape', type: 'geometry', required: false }],
      },
    ];
    await table.commit([{ ...gone, status: 2 }, first]);
    await expect(rows()).rejects.toMatchObject({ code: 'iceberg/unsupported-type' });
    expect(await rows({ columns: ['id', 'name'] })).toEqual(lines(1, 2, 3, 4, 5, 6, 7));
    expect((await (await table.open()).info()).unsupportedColumns).toEqual(['shape']);
  });
});

describe('what is opened', () => {
  test('I6: is the newest metadata file of a folder, or the one that is named', async () => {
    await using table = await TestTable.create(COLUMNS);
    const named = (name: string): Promise<void> =>
      table.store.put(`metadata/${name}`, Buffer.from(table.json()));
    await named('v2.metadata.json');
    table.metadata['last-updated-ms'] = 2;
    await named('v10.metadata.json');
    table.metadata['last-updated-ms'] = 3;
    await named('00003-a.metadata.json');
    await named('version-hint.text');
    const updated = async (location: string): Promise<number> =>
      (await IcebergTable.open(location)).metadata.lastUpdatedMs;
    expect(await updated(table.folder)).toBe(2);
    expect(await updated(`${table.folder}/metadata/00003-a.metadata.json`)).toBe(3);
    expect((await IcebergTable.open(table.store)).metadata.lastUpdatedMs).toBe(2);
  });

  test('may be compressed', async () => {
    await using table = await TestTable.create(COLUMNS);
    const { gzipSync } = await import('node:zlib');
    await table.store.put('metadata/v1.gz.metadata.json', gzipSync(table.json()));
    expect((await IcebergTable.open(table.folder)).metadata.lastUpdatedMs).toBe(1000);
    await table.store.put('metadata/v2.gz.metadata.json', Buffer.from('{}'));
    await expect(IcebergTable.open(table.folder)).rejects.toMatchObject({
      code: 'iceberg/metadata-invalid',
    });
  });

  test('is a table, or refused', async () => {
    await using table = await TestTable.create(COLUMNS);
    await expect(IcebergTable.open(table.folder)).rejects.toMatchObject({
      code: 'iceberg/not-a-table',
    });
    await expect(
      IcebergTable.open(`${table.folder}/metadata/v1.metadata.json`),
    ).rejects.toMatchObject({ code: 'iceberg/not-a-table' });
  });
});
