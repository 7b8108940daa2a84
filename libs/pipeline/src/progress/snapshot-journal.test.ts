import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { postgresPosition } from '@cdc-demo/cdc-core';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { SnapshotJournal } from './snapshot-journal.ts';
import type { FinishedUnit } from './snapshot-journal.ts';

let ids = 0;
const newId = (): string => `id-${String(ids++)}`;
const unit = (name: string, number: number): FinishedUnit => ({
  table: { namespace: 'public', name },
  unit: { number },
  staged: { rows: number, bytes: 10 * number, files: [{ path: `f${number}` }] },
});

describe('SnapshotJournal', () => {
  let root: string;
  let store: LocalObjectStore;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'journal-'));
    store = new LocalObjectStore(root);
  });
  afterEach(() => rm(root, { recursive: true }));

  it('tells another run what counts, run by run, without what was discarded', async () => {
    const journal = SnapshotJournal.empty(store, newId);
    await journal.begin({ snapshot: '1:2:' }, []);
    for (const each of [unit('a', 1), unit('b', 2), unit('a', 3)]) await journal.finished(each);
    await journal.begin({ snapshot: '5:6:' }, [{ namespace: 'public', name: 'b' }]);
    await journal.finished(unit('b', 4));
    await journal.finished(unit('c', 5));
    await journal.discard({ namespace: 'public', name: 'c' });
    const read = await SnapshotJournal.open(store, journal.name, newId);
    expect(read.units).toEqual([unit('a', 1), unit('a', 3), unit('b', 4)]);
    expect(read.units).toEqual(journal.units);
    expect(read.unfinished(postgresPosition(7n), 'line 1')).toEqual({
      position: postgresPosition(7n),
      history: 'line 1',
      runs: [
        {
          run: { snapshot: '1:2:' },
          units: [unit('a', 1), unit('a', 3)].map((each) => ({
            table: each.table,
            unit: each.unit,
          })),
        },
        { run: { snapshot: '5:6:' }, units: [{ table: unit('b', 4).table, unit: { number: 4 } }] },
      ],
    });
  });

  it('lets a later run take its place: the earlier one finds the next number taken', async () => {
    const earlier = SnapshotJournal.empty(store, newId);
    await earlier.begin(1, []);
    await earlier.finished(unit('a', 1));
    const later = await SnapshotJournal.open(store, earlier.name, newId);
    expect(await later.begin(2, [])).toBe('appended');
    expect(await earlier.finished(unit('a', 2))).toBe('taken');
    expect(earlier.units).toEqual([unit('a', 1)]);
    expect((await SnapshotJournal.open(store, earlier.name, newId)).units).toEqual([unit('a', 1)]);
  });

  it('reads more entries than it asks for at a time, and removes them', async () => {
    const journal = SnapshotJournal.empty(store, newId);
    await journal.begin(null, []);
    for (let i = 0; i < 40; i++) await journal.finished(unit('a', i));
    expect((await SnapshotJournal.open(store, journal.name, newId)).units).toHaveLength(40);
    await journal.remove();
    expect((await SnapshotJournal.open(store, journal.name, newId)).units).toEqual([]);
  });

  it('refuses an entry that it cannot read, and says which', async () => {
    const journal = SnapshotJournal.empty(store, newId);
    await store.put(`snapshot/${journal.name}/000000000000.json`, Buffer.from('{"half":'));
    await expect(SnapshotJournal.open(store, journal.name, newId)).rejects.toMatchObject({
      code: 'pipeline/progress-unreadable',
    });
  });
});
