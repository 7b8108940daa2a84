import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { RowPlanner } from './row-planner.ts';
import {
  BatchWriter,
  Model,
  NEW_COLUMNS,
  OLD_COLUMNS,
  actualFeed,
  asText,
  commit,
  expectedFeed,
  fields,
} from './source-history.fixture.ts';
import { StoredTable } from './stored-table.fixture.ts';

describe('net changes', () => {
  test.each([
    ['one integer', [0]],
    ['one string', [1]],
    ['an integer and a string', [0, 1]],
    ['a string and an integer', [1, 0]],
  ])('agree with the history of a naive model, key of %s', (_, key) => {
    fc.assert(
      fc.property(fc.array(commit, { minLength: 1, maxLength: 5 }), fc.nat(4), (commits, added) => {
        const table = new StoredTable(fields, key);
        const model = new Model(key);
        for (const [number, { batches, conflicts }] of commits.entries()) {
          const before = new Map(model.rows);
          const indexed = table.indexed();
          model.touched.clear();
          const planner = new RowPlanner(table);
          for (const [i, operations] of batches.entries()) {
            // The column comes in the middle of a commit.
            const isNew = number > added || (number === added && i > 0);
            const writer = new BatchWriter(model, isNew);
            for (const op of operations) writer.apply(op);
            planner.add(writer.batch, isNew ? NEW_COLUMNS : OLD_COLUMNS);
          }
          if (conflicts) {
            planner.plan();
            expect(table.indexed()).toEqual(indexed);
            table.compact();
            planner.rebase();
          }
          const plan = planner.plan();
          expect(plan.anomalies).toEqual({
            insertOfExisting: 0,
            updateOfMissing: 0,
            deleteOfMissing: 0,
          });
          const feed = table.commit(plan);
          expect(actualFeed(feed)).toEqual(expectedFeed(before, model));
          expect([...table.live()].map(({ values }) => asText(values)).sort()).toEqual(
            [...model.rows.values()].map(asText).sort(),
          );
          const followed = table.indexed();
          expect(followed.length).toBe(model.rows.size);
          const rebuilt = new StoredTable(fields, key);
          for (const [file, content] of table.files) rebuilt.files.set(file, content);
          rebuilt.reindex();
          expect(followed).toEqual(rebuilt.indexed());
        }
      }),
      { numRuns: 100 },
    );
  });
});
