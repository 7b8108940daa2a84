import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Action } from './actions.ts';
import { formatAction, formatCommit } from './format-action.ts';
import { deletionVectorId, logicalFileKey } from './logical-file-key.ts';
import { parseAction } from './parse-action.ts';
import { commitInfoOf, parseActions } from './read-commit.ts';

const vector = {
  storageType: 'u',
  pathOrInlineDv: 'ab^-aqEH.-t@S}K{vb[*k^',
  offset: 4,
  sizeInBytes: 40,
  cardinality: 6,
} as const;

const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const map = fc.dictionary(fc.string(), fc.string()).map((entries) => ({ ...entries }));
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    add: fc.record(
      {
        path: fc.string(),
        partitionValues: fc
          .dictionary(fc.string(), fc.option(fc.string()))
          .map((entries) => ({ ...entries })),
        size: fc.maxSafeNat(),
        modificationTime: fc.maxSafeInteger(),
        dataChange: fc.boolean(),
        stats: fc.json(),
        tags: map,
        deletionVector: fc.constant(vector),
        baseRowId: long,
        defaultRowCommitVersion: long,
        clusteringProvider: fc.string(),
      },
      { requiredKeys: ['path', 'partitionValues', 'size', 'modificationTime', 'dataChange'] },
    ),
  }),
  fc.record({
    remove: fc.record(
      {
        path: fc.string(),
        dataChange: fc.boolean(),
        deletionTimestamp: fc.maxSafeInteger(),
        extendedFileMetadata: fc.boolean(),
        partitionValues: map,
        size: fc.maxSafeNat(),
        stats: fc.json(),
        deletionVector: fc.constant(vector),
      },
      { requiredKeys: ['path', 'dataChange'] },
    ),
  }),
  fc.record({
    txn: fc.record(
      { appId: fc.string(), version: long, lastUpdated: fc.maxSafeInteger() },
      { requiredKeys: ['appId', 'version'] },
    ),
  }),
  fc.record({
    domainMetadata: fc.record({
      domain: fc.string(),
      configuration: fc.json(),
      removed: fc.boolean(),
    }),
  }),
  fc.record({
    protocol: fc.record(
      {
        minReaderVersion: fc.nat(3),
        minWriterVersion: fc.nat(7),
        readerFeatures: fc.array(fc.string()),
        writerFeatures: fc.array(fc.string()),
      },
      { requiredKeys: ['minReaderVersion', 'minWriterVersion'] },
    ),
  }),
  fc.record({
    metaData: fc.record(
      {
        id: fc.uuid(),
        name: fc.string(),
        description: fc.string(),
        format: fc.record({ provider: fc.string(), options: map }),
        schemaString: fc.string(),
        partitionColumns: fc.array(fc.string()),
        createdTime: fc.maxSafeInteger(),
        configuration: map,
      },
      { requiredKeys: ['id', 'format', 'schemaString', 'partitionColumns', 'configuration'] },
    ),
  }),
  fc.record({
    cdc: fc.record({
      path: fc.string(),
      partitionValues: map,
      size: fc.maxSafeNat(),
      dataChange: fc.boolean(),
    }),
  }),
  fc.record({
    sidecar: fc.record({
      path: fc.string(),
      sizeInBytes: fc.maxSafeNat(),
      modificationTime: fc.maxSafeInteger(),
    }),
  }),
  fc.record({ checkpointMetadata: fc.record({ version: long, tags: map }) }),
);

describe('a line of the log', () => {
  it('D1: is read back as it was written', () => {
    fc.assert(
      fc.property(action, (written) => {
        const line = formatAction(written);
        expect(line).not.toContain('\n');
        expect(parseAction(line)).toEqual(written);
      }),
    );
  });

  it('keeps integers of 64 bits', () => {
    const line = '{"txn":{"appId":"a","version":9223372036854775807,"lastUpdated":5}}';
    const txn = { appId: 'a', version: 9223372036854775807n, lastUpdated: 5 };
    expect(parseAction(line)).toEqual({ txn });
    expect(formatAction({ txn })).toBe(line);
  });

  it('keeps statistics as the text that they are', () => {
    const stats = '{"numRecords":1,"minValues":{"x":12345678901234567890.12}}';
    const line = `{"add":{"path":"a","partitionValues":{},"size":1,"modificationTime":2,"dataChange":true,"stats":${JSON.stringify(stats)}}}`;
    expect(parseAction(line)).toMatchObject({ add: { stats } });
  });

  it('of a kind that is not known is left out, null is absent', () => {
    expect(parseAction('{"future":{"a":1}}')).toBeUndefined();
    expect(parseAction('{}')).toBeUndefined();
    expect(parseAction('{"add":null,"txn":{"appId":"a","version":1,"lastUpdated":null}}')).toEqual({
      txn: { appId: 'a', version: 1n },
    });
  });

  it('gives what old writers left out its default', () => {
    expect(parseAction('{"add":{"path":"a","size":1}}')).toEqual({
      add: { path: 'a', partitionValues: {}, size: 1, modificationTime: 0, dataChange: true },
    });
    expect(parseAction('{"metaData":{"id":"a","configuration":{"a":null,"b":"c"}}}')).toEqual({
      metaData: {
        id: 'a',
        format: { provider: 'parquet', options: {} },
        schemaString: '{"type":"struct","fields":[]}',
        partitionColumns: [],
        configuration: { b: 'c' },
      },
    });
    expect(parseAction('{"domainMetadata":{"domain":"d"}}')).toEqual({
      domainMetadata: { domain: 'd', configuration: '', removed: false },
    });
    expect(parseAction('{"cdc":{"path":"a","size":1,"tags":{"k":"v"}}}')).toEqual({
      cdc: { path: 'a', partitionValues: {}, size: 1, dataChange: false, tags: { k: 'v' } },
    });
  });

  it('keeps whatever a commit tells of itself', () => {
    const line =
      '{"commitInfo":{"timestamp":1,"job":{"runs":[12345678901234567890,1.5,null]},"operation":"W"}}';
    expect(parseAction(line)).toEqual({
      commitInfo: {
        timestamp: 1,
        job: { runs: ['12345678901234567890', 1.5, null] },
        operation: 'W',
      },
    });
  });

  it('rounds times that no number holds', () => {
    const line =
      '{"remove":{"path":"a","dataChange":true,"deletionTimestamp":9223372036854775807}}';
    expect(parseAction(line)).toMatchObject({ remove: { deletionTimestamp: 2 ** 63 } });
  });

  it.each([
    ['[]', 'An action is no object'],
    ['{"add":5}', 'add is no object'],
    ['{"add":{"size":1}}', 'add.path is not a string'],
    ['{"add":{"path":"a","size":"1"}}', 'add.size is not a number'],
    ['{"add":{"path":"a","size":1,"dataChange":"no"}}', 'add.dataChange is not true or false'],
    ['{"add":{"path":"a","size":1,"partitionValues":[]}}', 'add.partitionValues is not a map'],
    ['{"add":{"path":"a","size":1,"partitionValues":{"a":1}}}', 'is not a map to strings'],
    ['{"txn":{"appId":"a","version":1.5}}', 'txn.version is not an integer'],
    ['{"txn":{"appId":7,"version":1}}', 'txn.appId is not a string'],
    ['{"commitInfo":[]}', 'commitInfo is no object'],
    ['{"commitInfo":{"inCommitTimestamp":"now"}}', 'inCommitTimestamp is not a number'],
    [
      '{"protocol":{"minReaderVersion":1,"minWriterVersion":2,"readerFeatures":"x"}}',
      'readerFeatures is not a list of strings',
    ],
    [
      '{"add":{"path":"a","size":1,"deletionVector":{"storageType":"x"}}}',
      'storageType is not u, i or p',
    ],
  ])('%s is refused', (line, message) => {
    expect(() => parseAction(line)).toThrow(message);
  });
});

describe('a commit', () => {
  it('has a line for each action; blank lines mean nothing', () => {
    const actions: Action[] = [
      { commitInfo: { operation: 'A' } },
      { txn: { appId: 'a', version: 1n } },
    ];
    const body = formatCommit(actions);
    expect(parseActions(body, 'k')).toEqual(actions);
    expect(parseActions(Buffer.from(`\n${Buffer.from(body).toString()}\r\n`), 'k')).toEqual(
      actions,
    );
    expect(commitInfoOf(actions)).toEqual({ operation: 'A' });
    expect(commitInfoOf([])).toBeUndefined();
  });

  it('that is damaged names its line and not what stands in it', () => {
    const body = Buffer.from('{"txn":{"appId":"a","version":1}}\n{"add":{"path":"secret');
    expect(() => parseActions(body, '_delta_log/7.json')).toThrow(
      expect.objectContaining({
        code: 'delta/log-corrupt',
        message: '_delta_log/7.json, line 2: it is no JSON',
      }),
    );
    expect(() => parseActions(Buffer.from([0xff, 0xfe]), 'k')).toThrow(/k, line 0/);
    expect(() => parseActions(Buffer.from('{"add":{}}'), 'k')).toThrow(
      'k, line 1: add.path is not a string',
    );
  });
});

describe('a logical file', () => {
  it('is a path and a deletion vector', () => {
    expect(deletionVectorId(vector)).toBe('uab^-aqEH.-t@S}K{vb[*k^@4');
    const { offset: _offset, ...withoutOffset } = vector;
    expect(deletionVectorId(withoutOffset)).toBe('uab^-aqEH.-t@S}K{vb[*k^');
    expect(logicalFileKey({ path: 'a' })).toBe('a');
    expect(logicalFileKey({ path: 'a', deletionVector: vector })).not.toBe('a');
  });

  it('has many spellings', () => {
    const spellings = ['/a%20b/c', 'file:/a b/c', 'file:///a%20b/c', 'FILE:/a%20b/c', '/a b/%63'];
    expect(new Set(spellings.map((path) => logicalFileKey({ path }))).size).toBe(1);
    const others = ['a b', 'a%2520b', '100%', 's3://b/a', '/a'];
    expect(new Set(others.map((path) => logicalFileKey({ path }))).size).toBe(others.length);
  });
});
