import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ReadRequest } from './judge-protocol.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Tables that Spark wrote, with the rows and changes that Spark read from them. */
export const DELTA_FIXTURES = join(
  process.env['CDC_FIXTURES'] ?? join(ROOT, '..', 'shared', 'fixtures'),
  'delta',
);

/** One question about a fixture and what is expected in answer. */
export interface FixtureCase {
  /** `<table> rows`, `<table> rows of version 3`, `<table> changes of version 3`. */
  readonly name: string;
  readonly table: string;
  readonly request: ReadRequest;
  /** Canonical rows, changes without `_commit_timestamp`; `refused`: no engine may answer. */
  readonly expected: readonly string[] | 'refused';
}

/** Every case of `delta/spark` and `delta/cdf`. */
export function fixtureCases(): FixtureCase[] {
  return [...sparkCases(), ...changeFeedCases()];
}

function sparkCases(): FixtureCase[] {
  const folder = join(DELTA_FIXTURES, 'spark');
  return readdirSync(join(folder, 'expected')).flatMap((table) => {
    const path = join(folder, table);
    const expected = join(folder, 'expected', table);
    const versions = readdirSync(expected)
      .map((name) => /^v(\d+)\.jsonl$/.exec(name)?.[1])
      .filter((version) => version !== undefined)
      .map(Number)
      .sort((a, b) => a - b);
    const changes = lines(join(expected, 'changes.jsonl'));
    return [
      rowsCase(path, lines(join(expected, 'current.jsonl'))),
      ...versions.map((version) =>
        rowsCase(path, lines(join(expected, `v${version}.jsonl`)), version),
      ),
      ...versions.map((version) => changesCase(path, version, ofVersion(changes, version))),
    ];
  });
}

function changeFeedCases(): FixtureCase[] {
  const folder = join(DELTA_FIXTURES, 'cdf');
  return readdirSync(folder).flatMap((table) => {
    const path = join(folder, table);
    const changes = lines(join(DELTA_FIXTURES, 'cdf-expected', `${table}.jsonl`));
    const refused = changes.flatMap((line) => numberAt(line, '_error_version') ?? []);
    const versions = readdirSync(join(path, '_delta_log'))
      .filter((name) => /^\d{20}\.json$/.test(name))
      .map((name) => Number(name.slice(0, 20)));
    return [
      rowsCase(path, lines(join(DELTA_FIXTURES, 'cdf-expected', `${table}.rows.jsonl`))),
      ...versions.map((version) =>
        changesCase(
          path,
          version,
          refused.includes(version) ? 'refused' : ofVersion(changes, version),
        ),
      ),
    ];
  });
}

function rowsCase(path: string, expected: readonly string[], version?: number): FixtureCase {
  const table = path.slice(DELTA_FIXTURES.length + 1);
  const of = version === undefined ? {} : { version };
  return {
    name: `${table} rows${version === undefined ? '' : ` of version ${version}`}`,
    table,
    request: { op: 'rows', table: path, ...of },
    expected,
  };
}

function changesCase(
  path: string,
  version: number,
  expected: readonly string[] | 'refused',
): FixtureCase {
  const table = path.slice(DELTA_FIXTURES.length + 1);
  return {
    name: `${table} changes of version ${version}`,
    table,
    request: { op: 'changes', table: path, from: version, to: version },
    expected,
  };
}

function lines(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').filter(Boolean);
}

function ofVersion(changes: readonly string[], version: number): string[] {
  return changes.filter((line) => numberAt(line, '_commit_version') === version);
}

function numberAt(line: string, key: string): number | undefined {
  const value = (JSON.parse(line) as Record<string, unknown>)[key];
  return typeof value === 'number' ? value : undefined;
}
