import { expect, test } from '@jest/globals';
import { isCdcError } from '@cdc-demo/cdc-core';
import { parseConfig } from '@cdc-demo/pipeline';
import { checkCollisions } from './check-collisions.ts';

interface Written {
  readonly id: string;
  readonly url?: string;
  readonly tables?: string;
  readonly location?: string;
  readonly more?: string;
}

function check(...pipelines: readonly Written[]): string {
  const text = pipelines.map(
    ({ id, url = '${env:URL}', tables = 'public.a', location, more = '' }) => `
  - id: ${id}
    source: { type: postgres, url: '${url}', tables: [${tables}]${more} }
    sink: { type: delta, location: '${location ?? `./${id}/{schema}/{table}`}' }`,
  );
  const env = { URL: 'postgres://me@db:5433/one', SAME_SERVER: 'postgres://me@db:5433/two' };
  const sources = { env, readSecretFile: (path: string) => path };
  try {
    checkCollisions(parseConfig(`pipelines:${text.join('')}`, sources, 'f.yaml').pipelines);
    return 'fine';
  } catch (error) {
    if (isCdcError(error) && error.kind === 'configuration') return error.message;
    throw error;
  }
}

test('pipelines of two databases of one server have slots of their own', () => {
  expect(check({ id: 'a' }, { id: 'b', url: '${env:SAME_SERVER}' })).toBe('fine');
});

test('ids that give the same slot name on one server are refused, whatever the database', () => {
  const refusal = 'Pipeline a-b and Pipeline a_b share the slot cdc_demo_a_b of db:5433';
  expect(check({ id: 'a-b' }, { id: 'a_b', url: '${env:SAME_SERVER}' })).toBe(refusal);
  expect(check({ id: 'a-b' }, { id: 'a_b', url: 'postgres://me@other/one' })).toBe('fine');
  expect(check({ id: 'a-b' }, { id: 'a_b', more: ', slot: another' })).toBe('fine');
  const long = 'x'.repeat(62);
  expect(check({ id: `${long}1` }, { id: `${long}2` })).toMatch(/share the slot cdc_demo_x+ of/);
  const embedded = { url: 'embedded' };
  expect(check({ id: 'a-b', ...embedded }, { id: 'a_b', ...embedded })).toMatch(/embedded server/);
});

test('two tables never share a destination, whatever their names', () => {
  const location = './lake/{schema}.{table}';
  const dotted = `'a."b.c"', '"a.b".c'`;
  expect(check({ id: 'a', tables: dotted, location })).toBe(
    'table a."b.c" of pipeline a and table "a.b".c of pipeline a share the location ./lake/a.b.c',
  );
  expect(check({ id: 'a', tables: dotted })).toBe('fine');
  const twice = { tables: 'public.a', location: './lake/{table}' };
  expect(check({ id: 'a', ...twice }, { id: 'b', ...twice })).toMatch(/share the location/);
  expect(check({ id: 'a', tables: `'x."/.."', 'x."../y"'` })).toBe('fine');
});

test('two pipelines never share a state folder', () => {
  const state = { more: ' }\n    state: ./s\n    commit: { intervalMs: 1' };
  expect(check({ id: 'a', ...state }, { id: 'b', ...state })).toMatch(/state folder \.\/s/);
});
