import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatTableName, parseTableName } from './table-name.ts';

const SEED = Number(process.env['CDC_SEED'] ?? Date.now() % 2 ** 31);

describe('names of tables', () => {
  test.each([
    ['public.orders', 'public', 'orders'],
    ['public.Orders', 'public', 'Orders'],
    ['"my.schema".orders', 'my.schema', 'orders'],
    ['public."a.b"', 'public', 'a.b'],
    ['public."say ""hi"""', 'public', 'say "hi"'],
    ['Ünïcode."顧客 表"', 'Ünïcode', '顧客 表'],
  ])('%s is read and written', (text, namespace, name) => {
    expect(parseTableName(text)).toEqual({ namespace, name });
    expect(formatTableName({ namespace, name })).toBe(text);
  });

  test('quotes may stand where they need not', () => {
    expect(parseTableName('"public"."Orders"')).toEqual({ namespace: 'public', name: 'Orders' });
  });

  test.each(['orders', 'a.b.c', '.orders', 'public.', 'public.a b', 'public."x', '"".x', 'a."b"c'])(
    '%s is no name of a table',
    (text) => {
      expect(parseTableName(text)).toBeUndefined();
    },
  );

  test(`every name is read back as it was (CDC_SEED=${SEED})`, () => {
    const part = fc.string({ minLength: 1, unit: 'grapheme' });
    fc.assert(
      fc.property(part, part, (namespace, name) => {
        expect(parseTableName(formatTableName({ namespace, name }))).toEqual({ namespace, name });
      }),
      { seed: SEED },
    );
  });
});
