import { isDeepStrictEqual } from 'node:util';
import { join } from 'node:path';
import { ColumnBatch, canonicalRow } from '@cdc-demo/cdc-core';
import { IcebergTable, IcebergTableWriter, SnapshotTracker } from '@cdc-demo/iceberg';
import type { ChangesOptions, RowsOptions } from '@cdc-demo/iceberg';
import { openObjectStore } from '@cdc-demo/object-store';
import { systemClock } from '@cdc-demo/pipeline';
import { feedLines } from './feed-lines.ts';
import { ACCOUNT_FIELDS, accounts } from './feed-table.ts';
import { createIcebergTables } from './iceberg-tables.ts';
import type { FeedDemoOptions } from './run-feed-demo.ts';

const KEY = 'account_id';

/** Makes Iceberg tables and shows their snapshots step by step; true when all is verified. */
export async function runSnapshotDemo({ folder, print }: FeedDemoOptions): Promise<boolean> {
  const demo = new SnapshotDemo(folder, print);
  await demo.initialise();
  await demo.change();
  await demo.travel();
  await demo.evolve();
  await demo.verify();
  await demo.merge();
  return demo.end();
}

class SnapshotDemo {
  readonly #folder: string;
  readonly #location: string;
  readonly #print: FeedDemoOptions['print'];
  #checks = 0;
  #failures = 0;

  constructor(folder: string, print: FeedDemoOptions['print']) {
    this.#folder = folder;
    this.#location = join(folder, 'accounts');
    this.#print = print;
  }

  async initialise(): Promise<void> {
    this.#print('1. Tables without rows');
    const made = await createIcebergTables(this.#folder, systemClock);
    this.#command(`node apps/demo/dist/init-main.js ${this.#folder}`);
    for (const { name, state } of made) this.#print(`   ${name}: ${state}`);
    const again = await createIcebergTables(this.#folder, systemClock);
    this.#check(
      'initialised once more: they are there already',
      again.every(({ state }) => state === 'there already'),
    );
  }

  /** Appends, upserts and deletes, each read by one who keeps his place. */
  async change(): Promise<void> {
    this.#print('\n2. Mixed operations, and a reader who reads each change once');
    this.#command(`npx cdc-demo table changes ${this.#location} --track my.place`);
    const writer = await this.#writer();
    const keys = new ColumnBatch(ACCOUNT_FIELDS.slice(0, 1));
    keys.appendRow([1n]);
    await this.#step('four accounts are opened', 4, () =>
      writer.append(
        accounts([1n, 'Ada', 100_00n], [2n, 'Bo', 250_50n], [3n, 'Cy', 0n], [4n, 'Di', null]),
      ),
    );
    await this.#step('Bo pays Cy, and an account is opened', 5, () =>
      writer.upsert(accounts([2n, 'Bo', 200_00n], [3n, 'Cy', 50_50n], [5n, 'Em', 10_00n])),
    );
    await this.#step('Ada closes her account', 1, () => writer.delete(keys));
    await this.#step('nothing happens: no snapshot is made', 0, () => writer.delete(keys));
  }

  async travel(): Promise<void> {
    this.#print('\n3. Snapshots: each as it was, by its id, and by a tag that keeps it');
    const writer = await this.#writer();
    const { snapshots } = await this.#table();
    const [first] = snapshots;
    await writer.createTag('opening', { snapshotId: first?.id });
    this.#command(`npx cdc-demo table tag ${this.#location} opening --snapshot ${first?.id}`);
    this.#command(`npx cdc-demo table rows ${this.#location} --ref opening`);
    const tagged = await this.#rows({ ref: 'opening' });
    for (const row of tagged) this.#print(`   ${row}`);
    const before = await this.#rows({ snapshotId: first?.id });
    this.#check('the tag has the rows of the first snapshot', isDeepStrictEqual(tagged, before));
    this.#command(`npx cdc-demo table history ${this.#location}`);
    for (const { id, operation, sequenceNumber } of snapshots) {
      this.#print(`   snapshot ${sequenceNumber} ${operation ?? ''} ${id}`);
    }
  }

  async evolve(): Promise<void> {
    this.#print('\n4. A new column, and files that are parted from now on: metadata alone');
    const writer = await this.#writer();
    const before = await this.#files();
    await writer.addColumn({ id: 0, name: 'branch', type: { kind: 'string' }, nullable: true });
    await writer.setPartitioning(['bucket(2, account_id)']);
    this.#check('no file was touched', isDeepStrictEqual(await this.#files(), before));
    const fields = [
      ...ACCOUNT_FIELDS,
      { id: 0, name: 'branch', type: { kind: 'string' }, nullable: true } as const,
    ];
    const rows = new ColumnBatch(fields);
    rows.appendRow([6n, 'Flo', 1n, 'north']);
    rows.appendRow([4n, 'Di', 2n, 'south']);
    await this.#step('one comes, one gets a balance; both have a branch', 3, () =>
      writer.upsert(rows),
    );
    this.#command(`npx cdc-demo table info ${this.#location}`);
    const { partitionFields } = await (await this.#table()).info();
    this.#print(`   partitioned by ${partitionFields.map(({ name }) => name).join(', ')}`);
  }

  async merge(): Promise<void> {
    this.#print('\n6. Upkeep: files are merged, old snapshots go; the tag keeps its own');
    const writer = await this.#writer();
    await this.#step('six more accounts, each in a file of its own', 6, async () => {
      for (let id = 7n; id < 13n; id++) await writer.append(accounts([id, 'Gus', id]));
    });
    const rows = await this.#rows();
    const files = (await this.#files()).length;
    this.#command(`npx cdc-demo table optimize ${this.#location}`);
    await this.#step('a merge shows no change', 0, () => writer.optimize());
    const merged = (await this.#files()).length;
    this.#check(`${files} files became ${merged}`, merged < files);
    this.#command(`npx cdc-demo table expire ${this.#location} --keep 3`);
    const { expiredSnapshots, deletedFiles } = await writer.expire({ maxSnapshots: 3 });
    this.#print(`   ${expiredSnapshots} snapshots and ${deletedFiles} files went`);
    this.#check('some went', expiredSnapshots > 0 && deletedFiles > 0);
    this.#check('the rows are the same', isDeepStrictEqual(await this.#rows(), rows));
    this.#check('the tag still has its rows', (await this.#rows({ ref: 'opening' })).length === 4);
  }

  /** Replays the changes, snapshot by snapshot. */
  async verify(): Promise<void> {
    this.#print('\n5. The changes, replayed on the oldest snapshot, against each that follows');
    const table = await this.#table();
    const line = new Set<bigint>();
    for (let at = table.metadata.currentSnapshotId; at !== undefined; ) {
      const snapshot = table.snapshots.find(({ id }) => id === at);
      if (snapshot) line.add(snapshot.id);
      at = snapshot?.parentId;
    }
    const [oldest = 0n, ...later] = [...line].reverse();
    const replayed = new Map<string, string>();
    for await (const [key, row] of this.#keyed(oldest)) replayed.set(key, row);
    let from = oldest;
    for (const to of later) {
      const range = { from: { snapshotId: from }, to: { snapshotId: to } };
      for (const { change, key, row } of await this.#changes(range)) {
        if (change === 'DELETE' || change === 'UPDATE_BEFORE') replayed.delete(key);
        else replayed.set(key, row);
      }
      const rows = new Map<string, string>();
      for await (const [key, row] of this.#keyed(to)) rows.set(key, row);
      this.#check(`snapshot ${to}: ${rows.size} rows`, isDeepStrictEqual(replayed, rows));
      from = to;
    }
    this.#check('there was something to replay', later.length > 0);
  }

  /** True when all checks hold. */
  end(): boolean {
    const isTrue = this.#failures === 0;
    const result = isTrue ? `all ${this.#checks} checks hold` : `${this.#failures} checks FAILED`;
    this.#print(`\n${result}. The tables lie in ${this.#folder}`);
    return isTrue;
  }

  /** Does something and prints what a reader who was there before has not seen. */
  async #step(title: string, changes: number, act: () => Promise<unknown>): Promise<void> {
    await act();
    const table = await this.#table();
    const place = { store: openObjectStore(this.#folder), key: 'accounts.place' };
    const tracker = new SnapshotTracker(table, place);
    const unread = await tracker.unread();
    this.#print(`   » ${title}`);
    let found = 0;
    if (unread) {
      const from = unread.from === undefined ? undefined : { snapshotId: unread.from };
      for (const { change, row } of await this.#changes({
        from,
        to: { snapshotId: unread.to },
      })) {
        this.#print(`     ${change.padEnd(13)} ${row}`);
        found++;
      }
      await tracker.read(unread.to);
    }
    this.#check(`${changes} changed rows, each once`, found === changes);
  }

  async #changes(range: ChangesOptions): Promise<
    readonly {
      readonly change: string;
      readonly key: string;
      /** With the columns that the table has now. */
      readonly row: string;
    }[]
  > {
    const table = await this.#table();
    const { fields } = await table.info();
    const found = [];
    for await (const line of feedLines(table.changes(range), '_commit_snapshot_id')) {
      const values = fields.map(({ name }) => line.value(name));
      const row = canonicalRow(fields, values);
      found.push({ change: line.change, key: line.show([KEY]), row });
    }
    return found;
  }

  /** The rows of a snapshot by their keys, with the columns that the table has now. */
  async *#keyed(snapshotId: bigint): AsyncGenerator<readonly [key: string, row: string]> {
    const table = await this.#table();
    const { fields: now } = await table.info();
    for await (const batch of table.rows({ snapshotId })) {
      const at = batch.fields.findIndex(({ name }) => name === KEY);
      for (let i = 0; i < batch.length; i++) {
        const values = batch.row(i);
        const row = now.map(({ name }) => {
          return values[batch.fields.findIndex((field) => field.name === name)] ?? null;
        });
        const key = canonicalRow(batch.fields.slice(at, at + 1), values.slice(at, at + 1));
        yield [key, canonicalRow(now, row)];
      }
    }
  }

  async #rows(options: RowsOptions = {}): Promise<string[]> {
    const lines: string[] = [];
    for await (const batch of (await this.#table()).rows(options)) {
      for (let i = 0; i < batch.length; i++) lines.push(canonicalRow(batch.fields, batch.row(i)));
    }
    return lines.sort();
  }

  async #files(): Promise<readonly string[]> {
    return (await (await this.#table()).files()).map(({ path }) => path);
  }

  #table(): Promise<IcebergTable> {
    return IcebergTable.open(this.#location);
  }

  #writer(): Promise<IcebergTableWriter> {
    return IcebergTableWriter.open(this.#location, { clock: systemClock });
  }

  #command(line: string): void {
    this.#print(`   $ ${line}`);
  }

  #check(what: string, holds: boolean): void {
    this.#checks++;
    if (!holds) this.#failures++;
    this.#print(`   ${holds ? '✓' : '✗'} ${what}`);
  }
}
