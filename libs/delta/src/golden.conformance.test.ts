import { join } from 'node:path';
import { expect } from '@jest/globals';
import { conformanceSuite } from '@cdc-demo/cdc-testing/contracts';
import type { ConformanceCase } from '@cdc-demo/cdc-testing/contracts';
import { canonicalRows, fixtureFolders } from '@cdc-demo/cdc-testing';
import { DeltaTable } from './delta-table.ts';
import { FIXTURES, canonicalParquet } from './fixtures.fixture.ts';
import { toFields } from './schema/to-fields.ts';

const open = (name: string): Promise<DeltaTable> =>
  DeltaTable.open(join(FIXTURES, 'delta/golden', name));

interface Refusal {
  readonly code: string;
  readonly says: RegExp;
  readonly reason: string;
}

const NO_METADATA = {
  code: 'delta/log-incomplete',
  says: /no metaData action/,
  reason: 'the log has no metaData action',
};
const NO_PROTOCOL = {
  code: 'delta/log-incomplete',
  says: /no protocol action/,
  reason: 'the log has no protocol action',
};

/** Tables that must be refused when they are opened or read, and how. */
const REFUSED: Readonly<Record<string, Refusal>> = {
  'deltalog-invalid-protocol-version': {
    code: 'delta/unsupported-feature',
    says: /protocol version 99/,
    reason: 'protocol version 99',
  },
  'deltalog-state-reconstruction-from-checkpoint-missing-metadata': NO_METADATA,
  'deltalog-state-reconstruction-from-checkpoint-missing-protocol': NO_PROTOCOL,
  'deltalog-state-reconstruction-without-metadata': NO_METADATA,
  'deltalog-state-reconstruction-without-protocol': NO_PROTOCOL,
  'no-delta-log-folder': {
    code: 'delta/not-a-table',
    says: /no Delta table/,
    reason: 'there is no log',
  },
  'versions-not-contiguous': {
    code: 'delta/log-gap',
    says: /version 1 is missing/,
    reason: 'version 1 is missing',
  },
  'data-reader-absolute-paths-escaped-chars': NO_METADATA,
};

/** Tables whose data files were never there: how many files the log names, and one of them. */
const WITHOUT_DATA: Readonly<Record<string, { readonly files: number; readonly misses: string }>> =
  {
    checkpoint: { files: 1, misses: '15' },
    'delete-re-add-same-file-different-transactions': { files: 2, misses: 'foo' },
    'deltalog-commit-info': { files: 1, misses: 'abc' },
    'log-replay-special-characters-b': { files: 1, misses: 'special p@#h' },
    'update-deleted-directory': { files: 10, misses: '1' },
  };

/** Tables without expected rows that are empty: what was added was removed by another spelling. */
const EMPTY = [
  'canonicalized-paths-normal-a',
  'canonicalized-paths-normal-b',
  'canonicalized-paths-special-a',
  'canonicalized-paths-special-b',
];

/** Time zone of the engine that wrote timestamps without zone. */
const ZONES: Readonly<Record<string, string>> = {
  'data-reader-partition-values': 'America/Los_Angeles',
};

const SPECIAL = new Set([...Object.keys(REFUSED), ...Object.keys(WITHOUT_DATA), ...EMPTY, 'hive']);

function withRows(name: string): ConformanceCase {
  return {
    name,
    // Some tables have hundreds of thousands of rows.
    timeoutMs: 300_000,
    async run() {
      const timeZone = ZONES[name] ?? 'UTC';
      const folder = join(FIXTURES, 'delta/golden', name, 'delta');
      const table = await DeltaTable.open(folder, { timeZone });
      const { schema } = await table.snapshot();
      const rows = await canonicalRows(table.rows());
      const expected = await canonicalParquet(`delta/golden/${name}/expected`, toFields(schema));
      // Some tables have so many rows that a comparison in one go takes minutes.
      const different = rows.findIndex((row, i) => row !== expected[i]);
      expect(rows[different]).toBe(expected[different]);
      expect(rows).toHaveLength(expected.length);
    },
  };
}

function empty(name: string): ConformanceCase {
  return {
    name,
    async run() {
      const table = await open(`${name}/delta`);
      expect(await canonicalRows(table.rows())).toEqual([]);
      expect((await table.snapshot()).version).toBe(1n);
    },
  };
}

function refused([name, { code, says, reason }]: [string, Refusal]): ConformanceCase {
  return {
    name,
    outcome: { kind: 'refused', reason },
    async run() {
      const reading = open(`${name}/delta`).then((table) => canonicalRows(table.rows()));
      await expect(reading).rejects.toMatchObject({ code, message: expect.stringMatching(says) });
    },
  };
}

function withoutData(name: string): ConformanceCase {
  const missing = WITHOUT_DATA[name]!;
  return {
    name,
    outcome: { kind: 'refused', reason: `the data file ${missing.misses} was never there` },
    async run() {
      const table = await open(`${name}/delta`);
      expect((await table.snapshot()).fileCount).toBe(missing.files);
      const reading = canonicalRows(table.rows({ columns: [] }));
      await expect(reading).rejects.toMatchObject({
        code: 'delta/file-missing',
        message: expect.stringContaining(missing.misses),
      });
    },
  };
}

conformanceSuite('Delta, golden tables', [
  ...fixtureFolders('delta/golden')
    .filter((name) => !SPECIAL.has(name))
    .map(withRows),
  ...EMPTY.map(empty),
  ...Object.keys(WITHOUT_DATA).map(withoutData),
  ...Object.entries(REFUSED).map(refused),
]);

const TEN = Array.from({ length: 10 }, (_, i) => i);
const PAIRS = TEN.map((i) => `{"c1":${i},"c2":"foo${i % 2}"}`);
const AB = TEN.map((i) => `{"a":${i},"b":"foo${i % 2}"}`);

/** What the tables of the Hive connector hold; their files have no statistics. */
const HIVE: Readonly<Record<string, readonly string[]>> = {
  'deltatbl-column-names-case-insensitive': TEN.map(
    (i) => `{"FooBar":${i},"BarFoo":"foo${i % 2}"}`,
  ),
  'deltatbl-deleted-path': PAIRS,
  'deltatbl-incorrect-format-config': AB,
  'deltatbl-map-types-correctly': [
    '{"c1":97,"c2":"6263","c3":true,"c4":4,"c5":5,"c6":"foo","c7":6,"c8":7,"c9":8,' +
      '"c10":"1970-01-01","c11":"1970-01-01T16:40:00.000000Z","c12":"12345.678900000000794535",' +
      '"c13":["foo","bar"],"c14":[["foo",123]],"c15":{"f1":"foo","f2":456}}',
  ],
  'deltatbl-non-partitioned': PAIRS,
  'deltatbl-not-allow-write': AB,
  'deltatbl-partition-prune': [
    '{"city":"bj","date":"20180520","name":"Trump","cnt":1}',
    '{"city":"hz","date":"20180520","name":"Jim","cnt":3}',
    '{"city":"hz","date":"20180718","name":"Jone","cnt":7}',
    '{"city":"sh","date":"20180512","name":"Jay","cnt":4}',
    '{"city":"sz","date":"20181212","name":"Linda","cnt":8}',
  ],
  'deltatbl-partitioned': PAIRS,
  'deltatbl-schema-match': TEN.map((i) => `{"a":${i},"b":"foo${i % 2}","c":"test${i % 3}"}`),
  'deltatbl-special-chars-in-partition-column': TEN.map((i) => `{"c1":${i},"c2":"+ =%${i % 2}"}`),
  'deltatbl-touch-files-needed-for-partitioned': PAIRS,
};

conformanceSuite(
  'Delta, tables of the Hive connector',
  fixtureFolders('delta/golden/hive/delta').map((name) => ({
    name,
    async run() {
      const table = await open(`hive/delta/${name}`);
      expect(await canonicalRows(table.rows())).toEqual([...HIVE[name]!].sort());
      expect((await table.info()).records).toEqual({ kind: 'unknown' });
    },
  })),
);
