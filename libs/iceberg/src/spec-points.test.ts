import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const DOCUMENT = join(import.meta.dirname, '../../../docs/iceberg-spec.md');
const text = readFileSync(DOCUMENT, 'utf8');
const ROW = /^\| (I\d+) +\|(.*)$/gm;
const NAMED_TEST = /`([\w/.-]+\.test\.ts)` "([^"]+)"/g;

const rows = [...text.matchAll(ROW)].map(([, number = '', rest = '']) => ({ number, rest }));
const tests = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => readFileSync(join(import.meta.dirname, name), 'utf8'));

/** The numbers that the title of a test begins with. */
function tested(): Set<string> {
  const titles = tests.flatMap((each) => each.match(/['"`](I\d+, )*I\d+: /g) ?? []);
  return new Set(titles.flatMap((title) => title.match(/I\d+/g) ?? []));
}

test('the list has every point of the checklist once, in order', () => {
  expect(rows.map(({ number }) => number)).toEqual(
    Array.from({ length: 31 }, (_, i) => `I${i + 1}`),
  );
});

test('every point has a test whose title begins with its number, or says why not', () => {
  const numbers = tested();
  for (const { number, rest } of rows) {
    const isExcused = rest.includes('no test here: ');
    expect({ number, isTested: numbers.has(number) }).toEqual({ number, isTested: !isExcused });
  }
  expect(numbers.size).toBe(rows.filter(({ rest }) => !rest.includes('no test here: ')).length);
});

test('every test that the document names is there', () => {
  const named = [...text.matchAll(NAMED_TEST)];
  expect(named.length).toBeGreaterThan(rows.length);
  for (const [, file = '', title = ''] of named) {
    const path = join(import.meta.dirname, file);
    const source = existsSync(path) ? readFileSync(path, 'utf8') : '';
    expect({ file, title, isThere: source.includes(title) }).toEqual({
      file,
      title,
      isThere: true,
    });
  }
});
