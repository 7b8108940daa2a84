import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import { InjectedFault, InterceptedStore, stepOf } from '@cdc-demo/cdc-testing';
import { temporaryStore } from '../storage.fixture.ts';
import type { TendedTableSink } from '@cdc-demo/lake-core';
import { changes, openTable, point, schema, tableRows } from './sink.fixture.ts';
import type { TestChange } from './sink.fixture.ts';

const put = (id: number, name: string): TestChange => ({
  op: 'update',
  row: [BigInt(id), name, null],
});
const line = (id: number, name: string): string => `{"id":${id},"name":"${name}","uid":null}`;
const upkeep = { minFiles: 3, vacuum: false, cleanLog: false, workShare: 1 };

/** A call that waits, and who lets it go on. */
interface Gate {
  readonly reached: Promise<void>;
  readonly reach: () => void;
  readonly wait: Promise<void>;
  readonly open: () => void;
}

function gate(): Gate {
  let reach: () => void = () => undefined;
  let open: () => void = () => undefined;
  const reached = new Promise<void>((resolve) => (reach = resolve));
  const wait = new Promise<void>((resolve) => (open = resolve));
  return { reached, reach: () => reach(), wait, open: () => open() };
}

describe('a compaction that comes after somebody else’s commit', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  let store: ObjectStore;
  beforeEach(async () => {
    files = await temporaryStore();
    store = files.store;
    await (await openTable(store)).create(schema, point(10));
  });
  afterEach(() => files[Symbol.asyncDispose]());

  async function commit(sink: TendedTableSink, lsn: number, name: string): Promise<void> {
    await sink.write(changes(schema, [[lsn, [put(1, name), put(lsn, name)]]]));
    expect((await sink.commit(point(lsn))).outcome).toBe('committed');
  }

  it('leaves a run that was replaced fenced: the changes that wait behind it do not get in', async () => {
    const { reached, reach, wait, open } = gate();
    const slow = new InterceptedStore(store, async (call, proceed) => {
      if (stepOf(call) === 'compaction') {
        reach();
        await wait;
      }
      return proceed();
    });
    const first = await openTable(slow, { upkeep });
    for (const lsn of [20, 30, 40]) await commit(first, lsn, `at ${lsn}`);
    await reached;
    await first.write(changes(schema, [[50, [put(1, 'at 50')]]]));
    const waiting = first.commit(point(50));

    const second = await openTable(store, { upkeep: 'off' }, { pipeline: 'p', incarnation: 2 });
    await second.write(
      changes(schema, [
        [50, [put(1, 'at 50')]],
        [60, [put(1, 'at 60')]],
      ]),
    );
    const taken = await second.commit(point(60, { incarnation: 2 }));
    expect(taken.outcome).toBe('committed');
    open();

    expect(await waiting).toEqual({ outcome: 'fenced', incarnation: 2 });
    expect(await first.commit(point(70))).toEqual({ outcome: 'fenced', incarnation: 2 });
    expect(await tableRows(store)).toEqual(
      [line(1, 'at 60'), line(20, 'at 20'), line(30, 'at 30'), line(40, 'at 40')].sort(),
    );
    await first.close();
    await second.close();
  });

  it('and that cannot be read at once, lets no commit pass before it was', async () => {
    const { reached, reach, wait, open } = gate();
    let isUnreadable = false;
    const slow = new InterceptedStore(store, async (call, proceed) => {
      if (stepOf(call) === 'compaction') {
        reach();
        await wait;
        isUnreadable = true;
      } else if (isUnreadable && call.operation === 'getRange') {
        isUnreadable = false;
        throw new InjectedFault('a file of the other could not be read');
      }
      return proceed();
    });
    const first = await openTable(slow, { upkeep });
    for (const lsn of [20, 30, 40]) await commit(first, lsn, `at ${lsn}`);
    await reached;
    // The same run of the pipeline, as a writer that was given up and is late.
    const twin = await openTable(store, { upkeep: 'off' });
    await twin.write(changes(schema, [[50, [put(1, 'at 50'), put(50, 'new')]]]));
    expect((await twin.commit(point(50))).outcome).toBe('committed');
    open();
    await first.idle();
    expect(isUnreadable).toBe(false);

    await commit(first, 60, 'at 60');
    expect(await tableRows(store)).toEqual(
      [
        line(1, 'at 60'),
        line(20, 'at 20'),
        line(30, 'at 30'),
        line(40, 'at 40'),
        line(50, 'new'),
        line(60, 'at 60'),
      ].sort(),
    );
    await first.close();
    await twin.close();
  });
});
