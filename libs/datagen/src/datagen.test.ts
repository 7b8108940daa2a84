import { describe, expect, it } from '@jest/globals';
import {
  RowGenerator,
  datasetNames,
  insertOne,
  insertRows,
  loadDataset,
  parseDataset,
} from './index.ts';
import type { Dataset, GeneratedValue } from './index.ts';

function generated(dataset: Dataset, seed: number, count: number): GeneratedValue[][] {
  const generator = new RowGenerator(dataset, { seed, referenced: { 'public.customers': 50 } });
  return Array.from({ length: count }, () => generator.next());
}

describe('RowGenerator', () => {
  it.each(datasetNames)('gives the same %s for the same seed, others for another', (name) => {
    const dataset = loadDataset(name);
    expect(generated(dataset, 7, 20)).toEqual(generated(dataset, 7, 20));
    expect(generated(dataset, 8, 20)).not.toEqual(generated(dataset, 7, 20));
  });

  it('follows the distributions that the schema asks for', () => {
    const dataset = loadDataset('customers');
    const columns = Object.keys(dataset.columns);
    const rows = generated(dataset, 1, 4000);
    const share = (column: string, isHit: (value: GeneratedValue) => boolean): number =>
      rows.filter((row) => isHit(row[columns.indexOf(column)] ?? null)).length / rows.length;
    expect(share('customer_tier', (tier) => tier === 'Bronze')).toBeCloseTo(0.4, 1);
    expect(share('country', (country) => country === 'USA')).toBeCloseTo(0.8, 1);
    expect(share('phone', (phone) => phone !== null)).toBeCloseTo(0.7, 1);
    expect(share('is_active', (active) => active === true)).toBeCloseTo(0.95, 1);
    expect(share('lifetime_value', (v) => Number(v) >= 0 && Number(v) <= 5000)).toBe(1);
    const emails = new Set(rows.map((row) => row[columns.indexOf('email')]));
    expect(emails.size).toBe(rows.length);
  });

  it('refers to rows that exist', () => {
    const dataset = loadDataset('orders');
    const at = Object.keys(dataset.columns).indexOf('customer_id');
    for (const row of generated(dataset, 3, 500)) {
      expect(Number(row[at])).toBeGreaterThanOrEqual(1);
      expect(Number(row[at])).toBeLessThanOrEqual(50);
    }
  });

  it('gives single values, and refuses a column that is not there', () => {
    const generator = new RowGenerator(loadDataset('customers'), { seed: 1, referenced: {} });
    expect(typeof generator.value('first_name')).toBe('string');
    expect(() => generator.value('nothing')).toThrow('no column nothing');
  });
});

describe('parseDataset', () => {
  it('refuses a schema with an unknown generator', () => {
    expect(() => parseDataset('table: a.b\ncolumns: { x: { magic: 1 } }')).toThrow();
  });
});

describe('statements', () => {
  it('name the columns and number the parameters', async () => {
    const dataset = loadDataset('orders');
    const generator = new RowGenerator(dataset, { seed: 1, referenced: {} });
    const { sql, parameters } = insertOne(dataset, generator);
    expect(sql).toMatch(/^INSERT INTO public\.orders \(customer_id, .*\) VALUES \(\$1, .*\$8\)$/);
    expect(parameters).toHaveLength(8);

    const queries: unknown[][] = [];
    const client = { query: async (_sql: string, values: unknown[]) => queries.push(values) };
    const seen: number[] = [];
    await insertRows(client as never, { dataset, generator, total: 1200 }, ({ rows }) =>
      seen.push(rows),
    );
    expect(seen).toEqual([500, 1000, 1200]);
    expect(queries.map((values) => values.length / 8)).toEqual([500, 500, 200]);
  });
});
