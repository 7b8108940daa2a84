import { postgresPosition } from '@cdc-demo/cdc-core';
import type { OpenOutcome, TableSink } from '@cdc-demo/cdc-core';
import { expect, test } from '@jest/globals';
import { OpenTables } from './open-tables.ts';

function tables(...outcomes: readonly OpenOutcome[]): OpenTables {
  const sink = {} as TableSink;
  return new OpenTables(
    outcomes.map((outcome, i) => ({ table: { namespace: 's', name: `t${i}` }, sink, outcome })),
  );
}

const at = (lsn: bigint): OpenOutcome => ({
  outcome: 'opened',
  position: postgresPosition(lsn),
  batch: 1,
});

test('a table that was committed before a crash is further than the record', () => {
  const open = tables({ outcome: 'missing' }, at(90n), at(130n), at(110n));
  expect(open.furthest(postgresPosition(100n))).toEqual(postgresPosition(130n));
  expect(open.furthest(postgresPosition(200n))).toEqual(postgresPosition(200n));
});
