import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const DOCUMENT = join(import.meta.dirname, '../../../docs/delta-protocol.md');

test('every point of the protocol has a test by its number, and no other number is used', () => {
  const documented = [...readFileSync(DOCUMENT, 'utf8').matchAll(/^\| (D\d+) /gm)];
  const tests = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'));
  const tested = tests.flatMap((text) => text.match(/\bD\d+(?=[:,)])/g) ?? []);
  const byNumber = (names: Iterable<string>): string[] =>
    [...new Set(names)].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)));
  expect(byNumber(tested)).toEqual(documented.map(([, name = '']) => name));
});
