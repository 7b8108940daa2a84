import { join } from 'node:path';
import { expect } from '@jest/globals';
import { conformanceSuite } from '@cdc-demo/cdc-testing/contracts';
import type { ConformanceCase } from '@cdc-demo/cdc-testing/contracts';
import { canonicalRows, fixtureFolders, fixtureLines } from '@cdc-demo/cdc-testing';
import { DeltaTable } from './delta-table.ts';
import { FIXTURES, versionsIn } from './fixtures.fixture.ts';

const TIME = ['_commit_timestamp'];

/** Tables whose versions have no schema together. */
const RENAMED: ReadonlySet<string> = new Set(['everything']);

interface ExpectedChange {
  readonly _commit_version?: number;
  readonly _error_version?: number;
}

/** The lines of a version in an expected feed, sorted. */
function ofVersion(lines: readonly string[], version: number): string[] {
  const is = (line: string): boolean =>
    (JSON.parse(line) as ExpectedChange)._commit_version === version;
  return lines.filter(is).sort();
}

function changesOf(table: DeltaTable, version: number): Promise<string[]> {
  const at = { version };
  return canonicalRows(table.changes({ from: at, to: at }), TIME);
}

function sparkCases(name: string): ConformanceCase[] {
  const open = (): Promise<DeltaTable> => DeltaTable.open(join(FIXTURES, 'delta/spark', name));
  const lines = (file: string): string[] =>
    fixtureLines(`delta/spark/expected/${name}/${file}`).sort();
  const history = fixtureLines(`delta/spark/expected/${name}/history.jsonl`);
  const versions = history.map((line) => (JSON.parse(line) as { version: number }).version);
  return [
    {
      name: `${name}, rows`,
      async run() {
        const table = await open();
        const expected = lines('current.jsonl');
        expect(await canonicalRows(table.rows())).toEqual(expected);
        const { records } = await table.info();
        expect(records).toEqual({ kind: 'exact', records: expected.length });
      },
    },
    ...versions.flatMap((version): ConformanceCase[] => [
      {
        name: `${name}, rows of version ${version}`,
        async run() {
          const rows = await canonicalRows((await open()).rows({ version }));
          expect(rows).toEqual(lines(`v${version}.jsonl`));
        },
      },
      {
        name: `${name}, changes of version ${version}`,
        async run() {
          const expected = ofVersion(lines('changes.jsonl'), version);
          expect(await changesOf(await open(), version)).toEqual(expected);
        },
      },
    ]),
    {
      name: `${name}, changes of all versions together`,
      ...(RENAMED.has(name)
        ? { outcome: { kind: 'refused', reason: 'columns were renamed' } }
        : {}),
      async run() {
        const changes = canonicalRows((await open()).changes({ from: { version: 0 } }), TIME);
        if (RENAMED.has(name)) {
          await expect(changes).rejects.toMatchObject({ code: 'delta/feed-schema-change' });
        } else expect(await changes).toEqual(lines('changes.jsonl'));
      },
    },
    {
      name: `${name}, history`,
      async run() {
        const entries: string[] = [];
        for await (const { version, operation } of (await open()).history()) {
          entries.unshift(JSON.stringify({ version: Number(version), operation }));
        }
        expect(entries).toEqual(history.map((line) => JSON.stringify(JSON.parse(line))));
      },
    },
  ];
}

conformanceSuite(
  'Delta, tables of Spark',
  fixtureFolders('delta/spark')
    .filter((name) => name !== 'expected')
    .flatMap(sparkCases),
);

function changeFeedCases(name: string): ConformanceCase[] {
  const path = join(FIXTURES, 'delta/cdf', name);
  const expected = fixtureLines(`delta/cdf-expected/${name}.jsonl`);
  const failing = new Set(
    expected.map((line) => (JSON.parse(line) as ExpectedChange)._error_version),
  );
  const changes = (version: number): ConformanceCase => ({
    name: `${name}, changes of version ${version}`,
    ...(failing.has(version)
      ? { outcome: { kind: 'refused', reason: 'the change feed was not on in this version' } }
      : {}),
    async run() {
      const rows = changesOf(await DeltaTable.open(path), version);
      if (failing.has(version)) {
        await expect(rows).rejects.toMatchObject({ code: 'delta/feed-off' });
      } else expect(await rows).toEqual(ofVersion(expected, version));
    },
  });
  return [
    {
      name: `${name}, rows`,
      async run() {
        const rows = fixtureLines(`delta/cdf-expected/${name}.rows.jsonl`).sort();
        expect(await canonicalRows((await DeltaTable.open(path)).rows())).toEqual(rows);
      },
    },
    ...versionsIn(join(path, '_delta_log')).map(changes),
  ];
}

conformanceSuite(
  'Delta, change feeds of Spark',
  fixtureFolders('delta/cdf').flatMap(changeFeedCases),
);
