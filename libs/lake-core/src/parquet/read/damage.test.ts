import { isCdcError } from '@cdc-demo/cdc-core';
import type { Field, FieldType } from '@cdc-demo/cdc-core';
import { arbitraryType, arbitraryValue } from '@cdc-demo/cdc-testing';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hyparquetFile } from './hyparquet-file.fixture.ts';
import { madeFile, plain } from './made-file.fixture.ts';
import type { MadeColumn, MadeFile, MadePage } from './made-file.fixture.ts';
import { MemoryStore } from './memory-store.fixture.ts';
import { ownFile } from './own-file.fixture.ts';
import { openParquet } from './parquet-file.ts';
import { Place } from './place.ts';
import { openBytes, readAll } from './read-rows.fixture.ts';
import { schemaNodes } from './schema-node.ts';

const int: FieldType = { kind: 'int', bits: 32 };
const f: Field = { id: 0, name: 'f', type: int, nullable: true };
const REQUIRED = [{ name: 'f', type: 'INT32', repetition_type: 'REQUIRED' }] as const;
const OPTIONAL = [{ name: 'f', type: 'INT32', repetition_type: 'OPTIONAL' }] as const;
const page = (part: Partial<MadePage> = {}): MadePage => ({
  entries: 2,
  values: plain.int32(1, 2),
  ...part,
});
const made = (part: Partial<MadeColumn>, file: Partial<MadeFile> = {}): Uint8Array =>
  madeFile({ schema: REQUIRED, columns: [{ pages: [page()], ...part }], rows: 2, ...file });

async function read(bytes: Uint8Array, type: FieldType = int): Promise<unknown> {
  const file = await openBytes(bytes);
  return readAll(file, { fields: [{ ...f, type }], match: 'name' });
}

async function readLast(bytes: Uint8Array): Promise<unknown> {
  const file = await openBytes(bytes);
  return file.readRows(Uint32Array.of(file.rows - 1), { fields: [f], match: 'name' });
}

describe('a damaged file', () => {
  const whole = made({});
  const magicless = whole.slice();
  magicless[magicless.length - 1] = 0;
  const long = whole.slice();
  new DataView(long.buffer).setUint32(long.length - 8, 1 << 20, true);
  const noMetadata = whole.slice();
  noMetadata.fill(0xff, noMetadata.length - 40, noMetadata.length - 8);
  const encrypted = whole.slice();
  encrypted.set(new TextEncoder().encode('PARE'), encrypted.length - 4);
  const rows = (count: number) => ({ metadata: { num_rows: BigInt(count) } });

  it.each<[string, Uint8Array, RegExp]>([
    ['is too short', new Uint8Array(8), /is damaged: it is too short/],
    ['does not end as Parquet does', magicless, /does not end as Parquet files do/],
    ['has too long metadata', long, /metadata is longer than the file/],
    ['has no metadata', noMetadata, /metadata cannot be decoded/],
    ['is encrypted', encrypted, /cannot be read: it is encrypted/],
    ['has other rows than its groups', made({}, rows(3)), /another number of rows/],
    [
      'has another number of columns than its schema',
      made({}, { columns: [] }),
      /a row group does not fit the schema/,
    ],
  ])('that %s is refused when it is opened', async (_what, bytes, message) => {
    const opening = openBytes(bytes);
    await expect(opening).rejects.toThrow(message);
    await expect(opening).rejects.toMatchObject({ context: { file: 'file.parquet' } });
  });

  it('that is missing is an error of the store', async () => {
    const { port } = new MemoryStore();
    await expect(openParquet(port, 'none')).rejects.toMatchObject({
      code: 'object-store/not-found',
      message: 'There is no file memory:///none',
    });
  });

  it('that is shorter than the table says is refused', async () => {
    const store = new MemoryStore();
    store.files.set('a', whole);
    await expect(openParquet(store.port, 'a', whole.length + 1)).rejects.toThrow(/shorter/);
  });
});

describe('a schema', () => {
  const place = new Place('file.parquet');

  it('with fewer elements than it says is refused', () => {
    const elements = [
      { name: 'root', num_children: 1 },
      { name: 'f', num_children: 2 },
      { name: 'a', type: 'INT32' as const },
    ];
    expect(() => schemaNodes(elements, place)).toThrow(/its schema ends too early/);
  });

  it('that is nested without end is refused', () => {
    const elements = Array.from({ length: 300 }, () => ({ name: 'f', num_children: 1 }));
    expect(() => schemaNodes(elements, place)).toThrow(/nested too deeply/);
  });
});

describe('a damaged column', () => {
  const dictionary = { count: 2, values: plain.int32(5, 6) };
  const byIndex = (values: number[]): MadePage =>
    page({ encoding: 'RLE_DICTIONARY', values: Uint8Array.from(values) });
  const optional = (part: Partial<MadePage>): Uint8Array =>
    made({ pages: [page(part)] }, { schema: OPTIONAL });

  it.each<[string, Uint8Array, RegExp]>([
    ['holds fewer values than it says', made({ pages: [page({ entries: 3 })] }), /fewer/],
    ['has too few rows', made({}, { rows: 3 }), /fewer rows than its row group/],
    [
      'has pages with more values than it says',
      made({ metadata: { num_values: 1n } }),
      /more values than it says|fewer rows/,
    ],
    ['has no dictionary', made({ pages: [byIndex([8, 3, 0, 1])] }), /beyond its dictionary/],
    [
      'points beyond its dictionary',
      made({ dictionary, pages: [byIndex([8, 4, 2])] }),
      /beyond its dictionary/,
    ],
    ['has indexes without width', made({ dictionary, pages: [byIndex([])] }), /no width/],
    ['has indexes too wide', made({ dictionary, pages: [byIndex([33, 4, 0])] }), /no width/],
    ['has too few indexes', made({ dictionary, pages: [byIndex([8, 2])] }), /cannot be decoded/],
    [
      'has a short dictionary',
      made({ dictionary: { count: 3, values: plain.int32(1) }, pages: [byIndex([8, 4, 0])] }),
      /fewer values than it says/,
    ],
    ['has a level beyond its maximum', optional({ definitions: [1, 3] }), /beyond its maximum/],
    ['has too few levels', optional({ definitions: [1] }), /cannot be decoded/],
    ['has no levels', optional({ values: Uint8Array.of(1) }), /too short/],
    [
      'has levels longer than the page',
      optional({ values: Uint8Array.of(9, 0, 0, 0) }),
      /too short/,
    ],
    ['has a negative number of values', made({ pages: [page({ entries: -1 })] }), /damaged/],
    ['is of another type than the schema', made({ metadata: { type: 'INT64' } }), /another type/],
    [
      'has another name than the schema',
      made({ metadata: { path_in_schema: ['g'] } }),
      /other columns/,
    ],
    ['begins before the file', made({ metadata: { data_page_offset: -5n } }), /beyond its end/],
    [
      'ends behind the file',
      made({ metadata: { total_compressed_size: 1n << 40n } }),
      /beyond its end/,
    ],
    ['has no page', made({ metadata: { total_compressed_size: 0n } }), /page header/],
    ['has a page cut off', made({ metadata: { total_compressed_size: 20n } }), /page/],
  ])('that %s is an error that names it', async (_what, bytes, message) => {
    const reading = read(bytes);
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toMatchObject({ context: { file: 'file.parquet' } });
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['compressed with LZO', made({ metadata: { codec: 'LZO' } }), /compressed with LZO/],
    ['kept in another file', made({ chunk: { file_path: 'b' } }), /in another file/],
    ['encrypted', made({ chunk: { meta_data: undefined } }), /it is encrypted/],
    [
      'with levels in the old encoding',
      optional({ definitions: [1, 1], levelEncoding: 'BIT_PACKED' }),
      /levels are encoded as BIT_PACKED/,
    ],
    [
      'with values in an unknown encoding',
      made({ pages: [page({ encoding: 'GROUP_VAR_INT' })] }),
      /encoded as GROUP_VAR_INT/,
    ],
    [
      'with integers in the encoding of booleans',
      made({ pages: [page({ encoding: 'RLE' })] }),
      /encoded as RLE/,
    ],
  ])('%s is refused as such', async (_what, bytes, message) => {
    await expect(read(bytes)).rejects.toMatchObject({
      code: 'lake/parquet-unsupported',
      message: expect.stringMatching(message),
    });
  });

  it('without a leaf to tell whether it is there is refused', async () => {
    const bytes = made({}, { schema: [...REQUIRED, { name: 'g', num_children: 0 }], topLevel: 2 });
    const file = await openBytes(bytes);
    const type: FieldType = { kind: 'struct', fields: [f] };
    const reading = readAll(file, { fields: [{ ...f, name: 'g', type }], match: 'name' });
    await expect(reading).rejects.toThrow(/Column g .* it is a group without fields/);
  });
});

describe('a damaged offset index', () => {
  const pages = [page(), page()];
  const four = { rows: 4 };

  it.each<[string, Uint8Array, RegExp]>([
    ['does not begin at row 0', made({ pages, firstRows: [1, 2] }, four), /does not fit its rows/],
    [
      'goes back',
      made({ pages: [page(), ...pages], firstRows: [0, 3, 2] }, { rows: 6 }),
      /does not fit its rows/,
    ],
    ['goes beyond the rows', made({ pages, firstRows: [0, 9] }, four), /does not fit its rows/],
    [
      'is no index',
      made({ pages, firstRows: [0, 2], chunk: { offset_index_offset: 5n } }, four),
      /offset index/,
    ],
    [
      'lies behind the file',
      made({ pages, firstRows: [0, 2], chunk: { offset_index_length: 1 << 20 } }, four),
      /beyond its end/,
    ],
    ['lists pages of other lengths', made({ pages, firstRows: [0, 1] }, four), /other rows than/],
  ])('that %s is noticed', async (_what, bytes, message) => {
    await expect(readLast(bytes)).rejects.toThrow(message);
  });

  it('may list pages without rows', async () => {
    const empty = page({ entries: 0, values: new Uint8Array() });
    const bytes = made({ pages: [page(), empty, page()], firstRows: [0, 2, 2] }, four);
    const file = await openBytes(bytes);
    const rows = await file.readRows(Uint32Array.of(1, 2), { fields: [f], match: 'name' });
    expect([rows.row(0), rows.row(1)]).toEqual([[2], [1]]);
  });

  it('that points into the middle of a row is noticed', async () => {
    const schema = [{ name: 'f', type: 'INT32', repetition_type: 'REPEATED' }] as const;
    const part = (repetitions: number[]): MadePage => page({ repetitions, definitions: [1, 1] });
    const columns = [{ pages: [part([0, 0]), part([1, 0])], firstRows: [0, 2] }];
    const file = await openBytes(madeFile({ schema, columns, rows: 3 }));
    const type: FieldType = { kind: 'list', element: f };
    const fields = [{ ...f, type }];
    const reading = file.readRows(Uint32Array.of(2), { fields, match: 'name' });
    await expect(reading).rejects.toThrow(/a page has other rows than it says/);
  });

  it('is not looked at for a whole column', async () => {
    await expect(read(made({ pages, firstRows: [1, 2] }, four))).resolves.toHaveLength(4);
  });
});

describe('any byte that is wrong', () => {
  it('is noticed in a page with a checksum', async () => {
    const rows = Array.from({ length: 50 }, (_, i) => [i % 7 === 0 ? null : i * 1_000_003]);
    const bytes = await ownFile([f], rows, { compression: 'uncompressed' });
    const [start, end] = [30, 200];
    for (let at = start; at < end; at++) {
      const damaged = bytes.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 0x10;
      await expect(read(damaged)).rejects.toMatchObject({ code: 'lake/parquet-corrupt' });
    }
  });

  const arbitraryFile = fc.array(arbitraryType, { minLength: 1, maxLength: 3 }).chain((types) => {
    const fields = types.map((type, i): Field => ({ ...f, name: `c${String(i)}`, type }));
    const rows = fc.array(fc.tuple(...types.map(arbitraryValue)), { maxLength: 20 });
    return fc.tuple(fc.constant(fields), rows, fc.boolean());
  });
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });

  it('gives values or an error of ours, never another one', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryFile, changes, async ([fields, rows, own], edits) => {
        const bytes = own ? await ownFile(fields, rows) : hyparquetFile(fields, rows);
        for (const [at, value] of edits) bytes[at % bytes.length] = value;
        try {
          const file = await openBytes(bytes);
          if (file.rows > 1000) return;
          for await (const batch of file.read({ fields, match: 'name' })) {
            expect(batch.rows.length).toBeGreaterThan(0);
          }
          const last = Uint32Array.from(file.rows > 0 ? [file.rows - 1] : []);
          expect((await file.readRows(last, { fields, match: 'name' })).length).toBe(last.length);
        } catch (error) {
          if (!isCdcError(error)) throw error;
          expect(error.code).toMatch(/^lake\/parquet-/);
        }
      }),
      { numRuns: 400, endOnFailure: true },
    );
  });
});
