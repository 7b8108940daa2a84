import { join } from 'node:path';
import { expect } from '@jest/globals';
import { canonicalRow } from '@cdc-demo/cdc-core';
import type { FieldValue } from '@cdc-demo/cdc-core';
import {
  arbitraryPredicate,
  canonicalRows,
  fixtureFolders,
  satisfies,
} from '@cdc-demo/cdc-testing';
import { conformanceSuite } from '@cdc-demo/cdc-testing/contracts';
import fc from 'fast-check';
import { DeltaTable } from './delta-table.ts';
import { FIXTURES } from './fixtures.fixture.ts';

const SEED = 4713;
const PREDICATES = 40;
/** Of a large table so many rows lend their values to predicates. */
const SAMPLE = 200;

const TABLES = [
  ...fixtureFolders('delta/spark')
    .filter((name) => name !== 'expected')
    .map((name) => join('spark', name)),
  ...fixtureFolders('delta/cdf').map((name) => join('cdf', name)),
  ...fixtureFolders('delta/golden')
    .filter((name) => /data-skipping|all-types|partition|columnmapping|dv-|timestamp/.test(name))
    .map((name) => join('golden', name, 'delta')),
];

conformanceSuite(
  'Delta, rows by predicate with all that is left out for it',
  TABLES.map((name) => ({
    name,
    timeoutMs: 120_000,
    async run() {
      const table = await DeltaTable.open(join(FIXTURES, 'delta', name));
      const rows: FieldValue[][] = [];
      const { fields } = await table.info();
      for await (const batch of table.rows()) {
        for (let row = 0; row < batch.length; row++) rows.push(batch.row(row));
      }
      const predicates = fc.sample(arbitraryPredicate(fields, rows.slice(0, SAMPLE)), {
        seed: SEED,
        numRuns: PREDICATES,
      });
      for (const where of predicates) {
        const expected = rows
          .filter((row) => satisfies(where, row, fields))
          .map((row) => canonicalRow(fields, row))
          .sort();
        expect(await canonicalRows(table.rows({ where }))).toEqual(expected);
      }
    },
  })),
);
