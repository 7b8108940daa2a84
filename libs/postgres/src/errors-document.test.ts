import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { postgresPolicy } from './errors.ts';

const DOCUMENT = join(import.meta.dirname, '../../../docs/pipelines/postgres.md');
const ROW = /^\| `postgres\/([a-z-]+)` +\| ([^|]+?) +\| ([^|]+?) +\| ([^|]+?) +\|$/gm;

const EXIT_CODES = { failed: '1', configuration: '2', 'source-refused': '3' } as const;

test('the document has every error with its exit code and remedy, as the code has them', () => {
  const rows = [...readFileSync(DOCUMENT, 'utf8').matchAll(ROW)];
  const documented = rows.map(([, code, , exit, remedy]) => [code, exit, remedy]);
  const defined = Object.entries(postgresPolicy).map(([code, { retry, kind, remedy }]) => [
    code.replace('postgres/', ''),
    retry === 'backoff' ? `${EXIT_CODES[kind]}, tried again` : EXIT_CODES[kind],
    remedy,
  ]);
  expect(documented).toEqual(defined);
});
