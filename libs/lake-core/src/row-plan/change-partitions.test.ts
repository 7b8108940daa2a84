import { describe, expect, test } from '@jest/globals';
import { ChangeBatch, DELETE, INSERT, NO_IMAGE, UPDATE } from '@cdc-demo/cdc-core';
import type { FieldValue, TableSchema } from '@cdc-demo/cdc-core';
import { MemorySpillSpace } from '@cdc-demo/cdc-testing';
import fc from 'fast-check';
import { ChangePartitions } from './change-partitions.ts';
import type { RowPlan } from './row-plan.ts';
import { RowPlanner } from './row-planner.ts';
import {
  BatchWriter,
  Model,
  NEW_COLUMNS,
  actualFeed,
  asText,
  commit,
  expectedFeed,
  fields,
} from './source-history.fixture.ts';
import { StoredTable } from './stored-table.fixture.ts';
import { ChangeSurveyor, StoredSpan } from './survey-changes.ts';

const SCHEMA: TableSchema = {
  table: { namespace: 'public', name: 't' },
  version: 1,
  fields,
  key: [0],
};

/** Plans a commit part by part; each part is planned before any of them is carried out. */
async function plansOf(
  table: StoredTable,
  batches: readonly ChangeBatch[],
  planBytes: number,
): Promise<{ plans: RowPlan[]; touchesOnce: boolean; addsOnly: boolean }> {
  const files = [...table.files].map(([file, { rows }]) => ({ file, rows: rows.length }));
  const span = new StoredSpan(files);
  const surveyor = new ChangeSurveyor(table, span);
  for (const batch of batches) surveyor.add(batch);
  const survey = surveyor.finish();
  const { touchesOnce, addsOnly } = survey;
  const planOf = (part: readonly ChangeBatch[]): RowPlan => {
    const planner = new RowPlanner(table);
    for (const batch of part) planner.add(batch, NEW_COLUMNS);
    return planner.plan();
  };
  if (touchesOnce) return { plans: batches.map((batch) => planOf([batch])), touchesOnce, addsOnly };
  const { schema } = batches[0]!;
  const partitions = new ChangePartitions({
    target: table,
    span,
    survey,
    schema,
    file: await new MemorySpillSpace().create(),
    changes: batches.reduce((sum, { length }) => sum + length, 0),
    bytes: batches.reduce((sum, { byteSize }) => sum + byteSize, 0),
    planBytes,
  });
  for (const batch of batches) await partitions.add(batch);
  const plans: RowPlan[] = [];
  for await (const part of partitions.plans()) plans.push(planOf(part));
  return { plans, touchesOnce, addsOnly };
}

describe('changes planned in parts', () => {
  test.each([
    ['one integer', [0]],
    ['one string', [1]],
    ['an integer and a string', [0, 1]],
    ['a string and an integer', [1, 0]],
  ])(
    'agree with the history of a naive model, key of %s',
    async (_, key) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(commit, { minLength: 1, maxLength: 5 }),
          fc.constantFrom(1, 100, 1000, 100_000),
          async (commits, planBytes) => {
            const table = new StoredTable(fields, key);
            const model = new Model(key);
            for (const { batches } of commits) {
              const before = new Map(model.rows);
              model.touched.clear();
              const written = batches.map((operations) => {
                const writer = new BatchWriter(model, true);
                for (const op of operations) writer.apply(op);
                return writer.batch;
              });
              const { plans, addsOnly } = await plansOf(table, written, planBytes);
              const feed = table.commit(...plans);
              expect(actualFeed(feed)).toEqual(expectedFeed(before, model));
              if (addsOnly) expect(feed.every(({ type }) => type === 'insert')).toBe(true);
              const live = [...table.live()].map(({ values }) => asText(values));
              expect(live.sort()).toEqual([...model.rows.values()].map(asText).sort());
              const followed = table.indexed();
              table.reindex();
              expect(followed).toEqual(table.indexed());
            }
          },
        ),
        { numRuns: 60 },
      );
    },
    60_000,
  );
});

test('rows that pass each other, as `SET id = id + 1` under a deferred key, keep their values', async () => {
  const key = [0];
  const table = new StoredTable(fields, key);
  const row = (id: number, note: string): FieldValue[] => [id, note, note, null, null, null, null];
  const begin = new ChangeBatch(SCHEMA);
  for (let id = 1; id <= 6; id++) {
    const after = begin.images.appendRow(row(id, `row ${id}`));
    begin.append(INSERT, { before: NO_IMAGE, after, beforeIsFull: false }, id);
  }
  const { plans: first, addsOnly } = await plansOf(table, [begin], 1);
  expect(addsOnly).toBe(true);
  table.commit(...first);
  const shift = new ChangeBatch(SCHEMA);
  for (let id = 1; id <= 6; id++) {
    const before = shift.images.appendRow(row(id, `row ${id}`));
    const after = shift.images.appendRow(row(id + 1, `row ${id}`));
    shift.append(UPDATE, { before, after, beforeIsFull: true }, id);
  }
  const { plans, touchesOnce } = await plansOf(table, [shift], 1);
  expect(touchesOnce).toBe(false);
  expect(plans.length).toBeGreaterThan(2);
  table.commit(...plans);
  expect([...table.live()].map(({ values }) => values.slice(0, 2)).sort()).toEqual(
    [1, 2, 3, 4, 5, 6].map((id) => [id + 1, `row ${id}`]),
  );
});

test('a change without its key is refused whatever part it is in', async () => {
  const table = new StoredTable(fields, [0]);
  const batch = new ChangeBatch(SCHEMA);
  const before = batch.images.appendRow([null, 'x', 'x', null, null, null, null]);
  batch.append(DELETE, { before, after: NO_IMAGE, beforeIsFull: true }, 0);
  await expect(plansOf(table, [batch], 1)).rejects.toMatchObject({ code: 'lake/key-incomplete' });
});
