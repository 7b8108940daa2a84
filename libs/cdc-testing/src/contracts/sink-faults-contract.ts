import { describe, expect, it } from '@jest/globals';
import { ColumnBatch, comparePositions, postgresPosition } from '@cdc-demo/cdc-core';
import type { CommitPoint, ObjectStore, Position, Sink, TableSink } from '@cdc-demo/cdc-core';
import fc from 'fast-check';
import { FaultyStore } from '../faults/faulty-store.ts';
import type { Fault } from '../faults/faulty-store.ts';
import { InjectedFault } from '../faults/injected-fault.ts';
import { Transactions, contractTable } from './contract-table.ts';

/** A version of a table: what it says that it holds, and its rows as `id:text`. */
export interface SinkVersion {
  readonly position: Position;
  readonly rows: readonly string[];
  /** A version that only rearranges files; it has the position of the one before. */
  readonly isUpkeep?: boolean;
}

/** A format of tables on an empty store. */
export interface FaultySinkUnderTest {
  readonly store: ObjectStore;
  /** A new sink whose only table lies at the root of a store. */
  readonly open: (store: ObjectStore) => Sink;
  /** All versions of the table in `store`, the oldest first. */
  readonly versions: () => Promise<readonly SinkVersion[]>;
  readonly dispose: () => Promise<void>;
}

interface Draw {
  /** `put` becomes `insert` or `update`, by whether the row is there. */
  readonly kind: 'put' | 'insert' | 'update' | 'delete' | 'move' | 'touch' | 'truncate';
  readonly id: number;
  readonly to: number;
}

const FIRST = 100;
const STEP = 10;

const draw: fc.Arbitrary<Draw> = fc.record({
  kind: fc.constantFrom<Draw['kind'][]>('put', 'put', 'put', 'delete', 'move', 'touch', 'truncate'),
  id: fc.integer({ min: 0, max: 6 }),
  to: fc.integer({ min: 0, max: 6 }),
});

const scenario = fc.record({
  transactions: fc.array(fc.array(draw, { minLength: 1, maxLength: 6 }), {
    minLength: 1,
    maxLength: 10,
  }),
  /** Transactions while the first rows are still settled. */
  settled: fc.integer({ min: 0, max: 3 }),
  /** By number of the writing call. */
  faults: fc.dictionary(
    fc.integer({ min: 0, max: 90 }).map(String),
    fc.constantFrom<Fault>('fail-before', 'fail-after'),
    { maxKeys: 8 },
  ),
});

const point = (lsn: number): CommitPoint => ({
  pipeline: 'contract',
  incarnation: 1,
  position: postgresPosition(BigInt(lsn)),
  batch: lsn,
  committedAtUs: 0n,
});

/** That a sink counts everything once, whatever call of its store fails, before or after it. */
export function sinkFaultsContract(name: string, make: () => Promise<FaultySinkUnderTest>): void {
  describe(`Sink contract, faults: ${name}`, () => {
    it('is at every version what the source was at its position', async () => {
      await fc.assert(
        fc.asyncProperty(scenario, async ({ transactions, settled, faults }) => {
          const under = await make();
          try {
            let call = 0;
            const store = new FaultyStore(under.store, () => faults[String(call++)] ?? 'none');
            const source = new Source(transactions);
            await run(() => under.open(store), source, Math.min(settled, transactions.length));
            let before = postgresPosition(0n);
            const versions = await under.versions();
            for (const { position, rows, isUpkeep = false } of versions) {
              expect(Math.sign(comparePositions(position, before))).toBe(isUpkeep ? 0 : 1);
              before = position;
              expect(rows.toSorted()).toEqual(source.rowsAt(position));
            }
            const last = versions.at(-1)?.rows ?? [];
            expect(last.toSorted()).toEqual(source.rowsAt(postgresPosition(2n ** 40n)));
          } finally {
            await under.dispose();
          }
        }),
        { numRuns: 40 },
      );
    }, 180_000);
  });
}

/** A source with few keys, and what it holds after each of its transactions. */
class Source {
  readonly #lists: readonly (readonly Draw[])[];
  readonly #states: ReadonlyMap<number, string>[] = [new Map([[1, 'first']])];

  constructor(transactions: readonly (readonly Draw[])[]) {
    const lists: Draw[][] = [];
    for (const draws of transactions) {
      const rows = new Map(this.#states.at(-1));
      const number = this.#states.length;
      lists.push(
        draws.flatMap((each) => {
          const sent = asSent(each, rows);
          return applied(sent, rows, number) ? [sent] : [];
        }),
      );
      this.#states.push(rows);
    }
    this.#lists = lists;
  }

  get length(): number {
    return this.#lists.length;
  }

  /** Transactions [from, to) as changes. */
  changes(from: number, to: number): Transactions | undefined {
    let made: Transactions | undefined;
    this.#lists.slice(from, to).forEach((list, i) => {
      if (list.length === 0) return;
      const number = from + i + 1;
      made = made?.next(endOf(number)) ?? new Transactions(endOf(number));
      for (const each of list) append(made, each, number);
    });
    return made;
  }

  rowsAt(position: Position): string[] {
    const at = this.#states.findLastIndex((_, i) => {
      return comparePositions(postgresPosition(BigInt(endOf(i))), position) <= 0;
    });
    return Array.from(this.#states[at] ?? [], ([id, text]) => `${id}:${text}`).sort();
  }
}

/** Where transaction `number` ends, counted from 1; 0 stands for the first rows. */
function endOf(number: number): number {
  return FIRST + number * STEP;
}

function asSent(each: Draw, rows: ReadonlyMap<number, string>): Draw {
  if (each.kind !== 'put') return each;
  return { ...each, kind: rows.has(each.id) ? 'update' : 'insert' };
}

/** Does the source do it? Then its rows are others. */
function applied({ kind, id, to }: Draw, rows: Map<number, string>, number: number): boolean {
  const text = rows.get(id);
  switch (kind) {
    case 'put':
    case 'insert':
    case 'update':
      rows.set(id, `${id} of ${number}`);
      return true;
    case 'truncate':
      rows.clear();
      return true;
    case 'move':
      if (text === undefined || rows.has(to)) return false;
      rows.set(to, `${to} of ${number}`);
      return rows.delete(id);
    case 'delete':
      return rows.delete(id);
    case 'touch':
      return text !== undefined;
  }
}

function append(transaction: Transactions, { kind, id, to }: Draw, number: number): Transactions {
  switch (kind) {
    case 'put':
    case 'insert':
      return transaction.insert(id, `${id} of ${number}`);
    case 'update':
      return transaction.update(id, `${id} of ${number}`);
    case 'truncate':
      return transaction.truncate();
    case 'move':
      return transaction.move(id, to, `${to} of ${number}`);
    case 'delete':
      return transaction.delete(id);
    case 'touch':
      return transaction.touch(id);
  }
}

/** Begins anew with a new sink after each fault, as a process that was killed. */
async function run(open: () => Sink, source: Source, settled: number): Promise<void> {
  let done = 0;
  while (done < source.length) {
    const sink = open();
    try {
      const table = sink.table(contractTable.table);
      const opened = await table.open(point(0));
      if (opened.outcome === 'missing') await publish(table, source, settled);
      for (let from = settled; from < source.length; from += 2) {
        const to = Math.min(source.length, from + 2);
        await write(table, source.changes(from, to));
        const { outcome } = await table.commit(point(endOf(to)));
        expect(['committed', 'unchanged']).toContain(outcome);
      }
      done = source.length;
    } catch (error) {
      if (!(error instanceof InjectedFault)) throw error;
    } finally {
      await sink.close();
    }
  }
}

/** The first rows, with the first transactions applied to them before anybody sees them. */
async function publish(table: TableSink, source: Source, settled: number): Promise<void> {
  await table.sweepStaged([]);
  const stage = await table.stageSnapshot(contractTable);
  const rows = new ColumnBatch(contractTable.fields);
  rows.appendRow([1, 'first']);
  await stage.write(rows);
  const staged = await stage.finish();
  const settlement = await table.settleSnapshot([staged], point(FIRST));
  await write(settlement, source.changes(0, settled));
  await settlement.commit(point(endOf(settled)));
  const finished = await settlement.finish();
  const created = await table.publishSnapshot([finished], point(endOf(settled)));
  expect(created.outcome).toBe('committed');
}

async function write(
  to: Pick<TableSink, 'write'>,
  changes: Transactions | undefined,
): Promise<void> {
  for (const batch of changes?.batches() ?? []) await to.write(batch);
}
