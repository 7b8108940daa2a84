import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field, FieldValue } from '@cdc-demo/cdc-core';
import { DeltaTableWriter } from '@cdc-demo/delta';
import { systemClock } from '@cdc-demo/pipeline';

/** The table of the feed demo. */
export const ACCOUNT_FIELDS: readonly Field[] = [
  { id: 1, name: 'account_id', type: { kind: 'int', bits: 64 }, nullable: false },
  { id: 2, name: 'owner', type: { kind: 'string' }, nullable: false },
  { id: 3, name: 'balance', type: { kind: 'decimal', precision: 12, scale: 2 }, nullable: true },
];

/** An account: its number, its owner, and its balance in cents. */
export type Account = readonly [id: bigint, owner: string, cents: bigint | null];

/** What happens to the table, a version each. */
export interface FeedStep {
  readonly title: string;
  readonly apply: (writer: DeltaTableWriter) => Promise<bigint>;
}

/** Creates the table, its change feed on from version 0. */
export function createAccounts(location: string): Promise<DeltaTableWriter> {
  const table = { name: 'accounts', fields: ACCOUNT_FIELDS, key: ['account_id'] };
  return DeltaTableWriter.create(location, table, { clock: systemClock });
}

export const FEED_STEPS: readonly FeedStep[] = [
  {
    title: 'four accounts are opened',
    apply: (writer) =>
      writer.append(
        accounts([1n, 'Ada', 100_00n], [2n, 'Bo', 250_50n], [3n, 'Cy', 0n], [4n, 'Di', null]),
      ),
  },
  {
    title: 'Bo pays Cy 50.50; Di has a balance now',
    apply: (writer) =>
      writer.upsert(accounts([2n, 'Bo', 200_00n], [3n, 'Cy', 50_50n], [4n, 'Di', 1n])),
  },
  {
    title: 'Cy pays Bo back, and an account is opened',
    apply: (writer) =>
      writer.upsert(accounts([2n, 'Bo', 250_50n], [3n, 'Cy', 0n], [5n, 'Em', 10_00n])),
  },
  {
    title: 'Ada closes her account',
    apply: (writer) => {
      const keys = new ColumnBatch(ACCOUNT_FIELDS.slice(0, 1));
      keys.appendRow([1n]);
      return writer.delete(keys);
    },
  },
];

/** Accounts as a batch of rows. */
export function accounts(...rows: readonly Account[]): ColumnBatch {
  const batch = new ColumnBatch(ACCOUNT_FIELDS);
  for (const row of rows) batch.appendRow(row as readonly FieldValue[]);
  return batch;
}
