import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ChangeBatch, ColumnBatch, UPDATE, postgresPosition } from '@cdc-demo/cdc-core';
import type { ResyncCursor, ResyncRows, SourceMessage, TableSchema } from '@cdc-demo/cdc-core';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { ProgressLog } from '../progress/progress-log.ts';
import type { ProgressRecord } from '../progress/progress-record.ts';
import { readSignals, sendResync } from '../progress/resync-signals.ts';
import {
  MemorySink,
  ScriptedSource,
  emptyTable,
  group,
  rig,
  schema,
  table,
} from '../testing.fixture.ts';
import type { StoredTable } from '../testing.fixture.ts';
import { Pipeline } from './pipeline.ts';
import { movesPartly } from './resync-state.ts';
import { decideStart } from './start-decision.ts';
import type { Findings } from './start-decision.ts';

const other = { namespace: 'public', name: 'other' };
const at = (lsn: bigint): { kind: 'streaming'; position: ReturnType<typeof postgresPosition> } => ({
  kind: 'streaming',
  position: postgresPosition(lsn),
});
const streaming = (lsn: bigint, of: TableSchema = schema): SourceMessage => ({
  ...at(lsn),
  tables: [of],
});

function rows(
  lsn: bigint,
  ids: readonly bigint[],
  { from = null, next }: { from?: ResyncCursor; next: ResyncRows['next'] },
): ResyncRows {
  const batch = new ColumnBatch(schema.fields);
  for (const id of ids) batch.appendRow([id]);
  return {
    kind: 'resync-rows',
    schema,
    range: { after: undefined, through: undefined },
    rows: batch,
    later: [],
    position: postgresPosition(lsn),
    from,
    next,
    estimatedRows: 10,
  };
}

describe('a table that is read beside the stream', () => {
  let root: string;
  let state: LocalObjectStore;
  let stored: StoredTable;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'resync-'));
    state = new LocalObjectStore(root);
    stored = emptyTable();
  });
  afterEach(() => rm(root, { recursive: true }));

  const newest = async (): Promise<ProgressRecord | undefined> =>
    new ProgressLog(state, () => 'reader').peek();

  async function progress(tables: ProgressRecord['tables']): Promise<void> {
    const log = new ProgressLog(state, () => `earlier ${String(Math.random())}`);
    await log.claim();
    await log.append({ batch: 1, history: null, stage: at(90n), tables, resyncs: [] });
  }

  function start(): { source: ScriptedSource; end: () => Promise<void> } {
    const source = new ScriptedSource();
    const { options } = rig(state, { source: () => source, sink: () => new MemorySink(stored) });
    const pipeline = new Pipeline(options);
    const ended = pipeline.run();
    return {
      source,
      end: async () => {
        pipeline.stop();
        await ended;
      },
    };
  }

  it('goes on after a restart where the newest record says', async () => {
    await progress([other]);
    const first = start();
    first.source.send(streaming(90n), rows(95n, [1n, 2n], { next: ['2'] }));
    await first.source.untilAcknowledged(95n);
    await first.end();
    expect(first.source.started).toMatchObject({ kind: 'position', added: [table] });
    expect(first.source.resyncs).toEqual([{ table, after: null }]);
    expect(await newest()).toMatchObject({ tables: [table], resyncs: [{ table, after: ['2'] }] });
    expect(stored.isResyncing).toBe(true);

    const second = start();
    second.source.send(streaming(95n), rows(99n, [3n], { from: ['2'], next: 'complete' }));
    await second.source.untilAcknowledged(99n);
    await second.end();
    expect(second.source.resyncs).toEqual([{ table, after: ['2'] }]);
    expect(await newest()).toMatchObject({ stage: at(99n), resyncs: [] });
    expect(stored).toMatchObject({ ids: [1n, 2n, 3n], isResyncing: false });
  });

  it('is on record before a change is committed that hides what the table lacks', async () => {
    await progress([table]);
    stored.position = postgresPosition(90n);
    const field = { id: 2, name: 'b', type: { kind: 'string' }, nullable: true } as const;
    const wider = {
      ...schema,
      fields: [...schema.fields, { ...field, hasDefault: true as const }],
    };
    stored.lacks = ['b'];
    const { source, end } = start();
    source.send(streaming(90n, wider), { kind: 'transactions', group: group(100n, 1n) });
    await source.untilAcknowledged(100n);
    await end();
    expect(source.resyncs).toContainEqual({ table, after: null });
    expect(await newest()).toMatchObject({ resyncs: [{ table, after: null }] });
  });

  it('is asked for by a signal, which is gone once it is on record', async () => {
    await progress([table]);
    stored.position = postgresPosition(90n);
    await sendResync(state, table, 'a');
    await sendResync(state, other, 'b');
    await state.put('signals/c.json', Buffer.from('{'));
    await state.put('signals/d.json', Buffer.from('{}'));
    const { source, end } = start();
    source.send(streaming(90n), { kind: 'transactions', group: group(100n, 1n) });
    await source.untilAcknowledged(100n);
    await end();
    expect(source.resyncs).toEqual([{ table, after: null }]);
    expect(await readSignals(state)).toEqual([]);
    expect(await newest()).toMatchObject({ resyncs: [{ table, after: null }] });
  });

  it('takes rows of a reading that was begun anew without moving on by them', async () => {
    await progress([other]);
    const { source, end } = start();
    source.send(streaming(90n), rows(95n, [7n], { from: ['6'], next: 'complete' }));
    await source.untilAcknowledged(95n);
    await end();
    expect(stored.ids).toEqual([7n]);
    expect(await newest()).toMatchObject({ resyncs: [{ table, after: null }] });
  });
});

describe('the start of a pipeline', () => {
  const opened = { outcome: 'opened', position: postgresPosition(1n), batch: 1 } as const;
  const missing = { outcome: 'missing' } as const;
  const findings = (changed: Partial<Findings>): Findings => ({
    stage: at(90n),
    tables: [{ table, outcome: opened }],
    snapshot: 'initial',
    known: [table],
    resyncs: [],
    ...changed,
  });

  it.each<[string, Partial<Findings>, Record<string, unknown>]>([
    ['the same tables', {}, { kind: 'follow', added: [], left: [] }],
    ['a new table', { known: [] }, { kind: 'follow', added: [table] }],
    ['a table less', { known: [table, other] }, { kind: 'follow', left: [other] }],
    ['a record that names no tables', { known: null }, { kind: 'follow', added: [], left: [] }],
    [
      'a known table without destination',
      { tables: [{ table, outcome: missing }] },
      { kind: 'refused' },
    ],
    [
      'a table whose first version a crash prevented',
      { tables: [{ table, outcome: missing }], resyncs: [{ table, after: null }] },
      { kind: 'follow', added: [table] },
    ],
  ])('with %s', (_, changed, expected) => {
    expect(decideStart(findings(changed))).toMatchObject(expected);
  });
});

it('a row that moves without being sent whole is noticed', () => {
  const text = { id: 2, name: 't', type: { kind: 'string' }, nullable: true } as const;
  const moved = (isWhole: boolean): ChangeBatch => {
    const batch = new ChangeBatch({ ...schema, fields: [...schema.fields, text] });
    const before = batch.images.appendRow([1n, null]);
    batch.images.columns[0]?.appendValue(2n);
    if (isWhole) batch.images.columns[1]?.appendValue('x');
    else batch.images.columns[1]?.appendUnchanged();
    batch.append(UPDATE, { before, after: batch.images.endRow(), beforeIsFull: false }, 0);
    return batch;
  };
  expect([movesPartly(moved(false)), movesPartly(moved(true))]).toEqual([true, false]);
});
