import { join } from 'node:path';
import { canonicalRow } from '@cdc-demo/cdc-core';
import {
  DeltaTable,
  VersionTracker,
  changedRows,
  diffVersions,
  summarizeFeed,
  verifyFeed,
} from '@cdc-demo/delta';
import type { ChangeType, ChangesOptions } from '@cdc-demo/delta';
import { openObjectStore } from '@cdc-demo/object-store';
import { FEED_STEPS, createAccounts } from './feed-table.ts';

export interface FeedDemoOptions {
  /** Everything that the demo makes lies here. */
  readonly folder: string;
  readonly print: (line?: string) => void;
}

/** Makes a table and shows its change feed in every way; true when the feed is verified. */
export async function runFeedDemo({ folder, print }: FeedDemoOptions): Promise<boolean> {
  const location = join(folder, 'accounts');
  const place = { store: openObjectStore(folder), key: 'accounts.place' };
  print('1. A table with a change feed, and a reader who keeps his place');
  const writer = await createAccounts(location);
  const table = await DeltaTable.open(location);
  const tracker = new VersionTracker(table, place);
  for (const { title, apply } of FEED_STEPS) {
    const version = await apply(writer);
    print(`   » version ${version}: ${title}`);
    const unread = await tracker.unread();
    if (!unread) throw new Error('a version was made that is not new');
    const { first, last } = unread;
    const range = { from: { version: first }, to: { version: last } };
    await printFeed(table, range, print);
    await tracker.read(last);
  }
  await writer.close();
  const { last } = await table.versions();

  print('\n2. By time: what was changed from the second step to the third');
  const times = await commitTimes(table);
  const range = { from: { timestampMs: times[2] }, to: { timestampMs: times[3] } };
  await printFeed(table, range, print);

  print('\n3. By kind: how many, and the deletes');
  for await (const { version, changes } of summarizeFeed(table, { from: {} })) {
    print(`   version ${version}: ${JSON.stringify(changes)}`);
  }
  await printFeed(table, { from: {}, kind: 'delete' }, print);

  print(`\n4. Versions 1 and ${last} differ in this; a difference does not see what was undone`);
  for await (const rows of diffVersions(table, { from: 1n, to: last })) {
    for (let row = 0; row < rows.length; row++) {
      const values = rows.row(row);
      const changeType = values.pop() as string;
      print(`   ${changeType.padEnd(17)} ${canonicalRow(rows.fields.slice(0, -1), values)}`);
    }
  }

  print('\n5. The feed, replayed from nothing, against every row of every version');
  const { result, rows } = await verifyFeed(table, { everyVersion: true });
  const isTrue = result === 'equal';
  print(`   ${isTrue ? `equal at each version; ${rows} rows at the last` : 'NOT TRUE'}`);
  print(`\n6. The table lies in ${location}. The same from the command line:
   npx cdc-demo table changes ${location} --from 2 --to 3
   npx cdc-demo table changes ${location} --summary
   npx cdc-demo table changes ${location} --track ${join(folder, 'my.place')}
   npx cdc-demo table diff ${location} --from 1
   npx cdc-demo table verify ${location} --every-version`);
  return isTrue;
}

async function printFeed(
  table: DeltaTable,
  range: ChangesOptions & { readonly kind?: ChangeType },
  print: FeedDemoOptions['print'],
): Promise<void> {
  for await (const change of changedRows(table.changes(range))) {
    const { version, changeType, fields, values } = change;
    if (changeType !== (range.kind ?? changeType)) continue;
    print(`   version ${version}  ${changeType.padEnd(17)} ${canonicalRow(fields, values)}`);
  }
}

/** When each version was committed, by its number. */
async function commitTimes(table: DeltaTable): Promise<readonly number[]> {
  const times: number[] = [];
  for await (const { timestampMs } of table.history()) times.unshift(timestampMs);
  return times;
}
