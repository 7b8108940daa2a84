import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { describeType } from '@cdc-demo/cdc-core';
import { builtinTypes } from './builtin-types.ts';
import { extensionTypes } from './extension-types.ts';
import { typeCases } from './type-cases.fixture.ts';

const document = readFileSync(new URL('../../TYPES.md', import.meta.url), 'utf8');

interface DocumentRow {
  readonly names: readonly string[];
  readonly text: string;
  readonly field: string;
}

const rows = document
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .slice(2)
  .map((line): DocumentRow => {
    const [, text = '', field = ''] = line.split('|').map((cell) => cell.trim());
    const names = [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name.replaceAll('"', ''));
    return { names, text, field };
  });

/** What the document says of a type, by its name as SQL or pg_type has it. */
function documented(name: string): string | undefined {
  return rows.find(({ names }) => names.includes(name))?.field;
}

const SERVER = { version: 180000 };

describe('TYPES.md', () => {
  test.each(builtinTypes)('lists $name with its field', ({ name, codec }) => {
    const known = typeof codec === 'function' ? codec(-1, SERVER) : codec;
    expect(documented(name)).toBe(describeType(known.field));
  });

  test.each(extensionTypes)('lists $name of extension $extension', ({ extension, name, codec }) => {
    const row = rows.find(({ names }) => names.includes(name));
    expect(row?.field).toBe(describeType(codec.field));
    expect(row?.text).toContain(`(extension ${extension})`);
  });

  const scalar = typeCases.filter(({ type, textOnly }) => /^[\w" ]+$/.test(type) && !textOnly);
  const named = scalar.filter(
    ({ setup = '' }) => !setup.startsWith('create type') && !setup.startsWith('create domain'),
  );

  test.each(named)('says of $type what is tested against real servers', ({ type, field }) => {
    expect(documented(type.replaceAll('"', ''))).toBe(field);
  });

  test('tests each mapping against real servers, but for what it says of goldens', () => {
    const tested = new Set(
      typeCases.map(({ type }) => type.replace(/\(.*| \/\*.*/, '').replaceAll('"', '')),
    );
    const untested = rows
      .flatMap(({ names }) => (names.some((name) => tested.has(name)) ? [] : names))
      .filter((name) => !name.includes('('));
    expect(untested.sort()).toEqual(['geography', 'geometry', 'vector']);
    expect(document).toMatch(
      /\*\*geometry\*\* and \*\*geography\*\* .*They and \*\*vector\*\* are tested by goldens only/s,
    );
  });

  test('has the rules for kinds of types and of numeric, each tested by a type', () => {
    const rules: readonly [string, string, string][] = [
      ['`numeric(p, s)` with 0 ≤ s ≤ p ≤ 38', 'decimal(p, s)', 'numeric(12, 2)'],
      ['`numeric(p, s)` with s < 0, up to 38 digits', 'decimal(p − s, 0)', 'numeric(5, -3)'],
      ['`numeric(p, s)` with p < s ≤ 38', 'decimal(s, s)', 'numeric(3, 6)'],
      ['`numeric`, and with more than 38 digits', 'string', 'numeric(39, 2)'],
      ['enum', 'string', 'mood'],
      ['domain', 'as its base type', 'price'],
      ['array of T', 'list of T', 'bigint[]'],
      ['composite', 'struct', 'address'],
      ['every other type: ranges, `tsvector`, `point`, …', 'string', 'tsvector'],
    ];
    for (const [text, field, type] of rules) {
      expect(rows).toContainEqual(expect.objectContaining({ text, field }));
      expect(typeCases.map((typeCase) => typeCase.type)).toContain(type);
    }
  });

  test('has one Delta type for each field', () => {
    const byField = new Map<string, string>();
    for (const line of document
      .split('\n')
      .filter((l) => l.startsWith('|'))
      .slice(2)) {
      const [, , field = '', delta = ''] = line.split('|').map((cell) => cell.trim());
      expect(byField.get(field) ?? delta).toBe(delta);
      byField.set(field, delta);
    }
    expect(Object.fromEntries(byField)).toMatchObject({
      int64: 'long',
      json: 'string',
      uuid: 'string',
      time: 'string',
      'timestamp without time zone': 'timestamp_ntz',
      'timestamp with time zone': 'timestamp',
    });
  });
});
