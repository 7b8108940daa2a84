import { expect, test } from '@jest/globals';
import { catalogTable } from './catalog-table.ts';

const env = { PYICEBERG_CATALOG__PROD__URI: 'http://127.0.0.1:1' };

test('a name of a catalog that the environment has is a table of it', () => {
  expect(catalogTable('prod.shop.customers', env)?.name).toBe('shop.customers');
  expect(catalogTable('prod.lake.shop.customers', env)?.name).toBe('lake.shop.customers');
});

test.each(['other.shop.customers', 'prod.customers', './prod.shop.customers', 'file:a.b.c'])(
  '%s is a place',
  (text) => {
    expect(catalogTable(text, env)).toBeUndefined();
  },
);
