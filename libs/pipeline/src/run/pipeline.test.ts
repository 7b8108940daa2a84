import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CdcError, ColumnBatch, postgresPosition } from '@cdc-demo/cdc-core';
import type { PipelineEvent, SourceMessage } from '@cdc-demo/cdc-core';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { ProgressLog } from '../progress/progress-log.ts';
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

const lost = new CdcError({
  code: 'postgres/connection-lost',
  message: 'The connection was lost',
  policy: { retry: 'backoff', kind: 'failed', remedy: 'Check the network' },
});
const slotLost = new CdcError({
  code: 'postgres/slot-lost',
  message: 'The slot is gone',
  policy: { retry: 'never', kind: 'source-refused', remedy: 'Begin anew' },
});

function snapshotMessages(lsn: bigint, ...ids: readonly bigint[]): SourceMessage[] {
  const rows = new ColumnBatch(schema.fields);
  for (const id of ids) rows.appendRow([id]);
  const position = postgresPosition(lsn);
  return [
    {
      kind: 'snapshot-begin',
      position,
      history: 'line 1',
      tables: [{ schema, estimatedRows: ids.length }],
      run: 'first',
      kept: 'none',
    },
    { kind: 'snapshot-rows', schema, unit: 0, rows },
    { kind: 'snapshot-unit-end', schema, unit: 0, finished: 'all' },
    { kind: 'snapshot-table-end', table },
    { kind: 'snapshot-end', position, settledAt: position },
  ];
}

const states = (events: readonly PipelineEvent[]): string[] =>
  events.flatMap((event) => (event.kind === 'state' ? [event.to] : []));

describe('Pipeline', () => {
  let root: string;
  let state: LocalObjectStore;
  let stored: StoredTable;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'pipeline-'));
    state = new LocalObjectStore(root);
    stored = emptyTable();
  });
  afterEach(() => rm(root, { recursive: true }));

  const newestStage = async (): Promise<unknown> =>
    (await new ProgressLog(state, () => 'reader').peek())?.stage;

  it('publishes the first rows, then follows, and acknowledges only what is durable', async () => {
    const source = new ScriptedSource();
    const { options, events } = rig(state, {
      source: () => source,
      sink: () => new MemorySink(stored),
    });
    const pipeline = new Pipeline(options);
    const ended = pipeline.run();
    source.send(...snapshotMessages(100n, 1n, 2n));
    await source.untilAcknowledged(100n);
    expect(stored).toMatchObject({ ids: [1n, 2n], position: postgresPosition(100n) });
    source.send({ kind: 'transactions', group: group(110n, 3n) });
    await source.untilAcknowledged(110n);
    pipeline.stop();
    await ended;

    expect(stored.ids).toEqual([1n, 2n, 3n]);
    expect(source.acknowledged.map(({ lsn }) => lsn)).toEqual([100n, 110n]);
    expect(source.stopped).toBe(true);
    expect(await newestStage()).toEqual({ kind: 'streaming', position: postgresPosition(110n) });
    expect(states(events)).toEqual([
      'starting',
      'snapshotting',
      'streaming',
      'stopping',
      'stopped',
    ]);
    expect(events.filter(({ kind }) => kind === 'batch-committed')).toHaveLength(1);
  });

  it('goes on from its record after a restart and commits nothing when nothing is new', async () => {
    const first = new ScriptedSource();
    const run = new Pipeline(
      rig(state, { source: () => first, sink: () => new MemorySink(stored) }).options,
    );
    const ended = run.run();
    first.send(...snapshotMessages(100n, 1n));
    await first.untilAcknowledged(100n);
    run.stop();
    await ended;

    const second = new ScriptedSource();
    const { options } = rig(
      state,
      { source: () => second, sink: () => new MemorySink(stored) },
      { until: 'caught-up' },
    );
    second.end = 105n;
    second.send(
      { kind: 'streaming', position: postgresPosition(100n), tables: [schema] },
      { kind: 'heartbeat', position: postgresPosition(105n) },
    );
    await new Pipeline(options).run();
    expect(second.started).toEqual({
      kind: 'position',
      position: postgresPosition(100n),
      furthest: postgresPosition(100n),
      history: 'line 1',
    });
    expect(stored.commits).toHaveLength(1);
    expect(second.acknowledged).toEqual([postgresPosition(105n)]);
  });

  it('tries again after an error that may pass, with a new source, from what is durable', async () => {
    const sources: ScriptedSource[] = [];
    const { options, events } = rig(state, {
      source: () => {
        const source = new ScriptedSource();
        if (sources.length === 0) source.send(...snapshotMessages(100n, 1n), lost);
        else source.send({ kind: 'streaming', position: postgresPosition(100n), tables: [schema] });
        sources.push(source);
        return source;
      },
      sink: () => new MemorySink(stored),
    });
    const pipeline = new Pipeline({
      ...options,
      observer: (event) => {
        options.observer(event);
        if (event.kind === 'state' && event.to === 'streaming' && sources.length === 2) {
          pipeline.stop();
        }
      },
    });
    await pipeline.run();
    expect(sources[0]?.stopped).toBe(true);
    expect(sources[1]?.started).toMatchObject({
      kind: 'position',
      position: postgresPosition(100n),
    });
    expect(events).toContainEqual(expect.objectContaining({ kind: 'retry', error: lost }));
  });

  it('gives up after the configured number of attempts in a row', async () => {
    let attempts = 0;
    const { options, events } = rig(state, {
      source: () => {
        attempts++;
        const source = new ScriptedSource();
        source.send(lost);
        return source;
      },
      sink: () => new MemorySink(stored),
    });
    const pipeline = new Pipeline(options);
    await expect(pipeline.run()).rejects.toBe(lost);
    expect(attempts).toBe(3);
    expect(pipeline.state).toBe('failed');
    expect(events.at(-1)).toEqual({ kind: 'failed', error: lost });
  });

  it('ends at the first error when the source was never reached and nobody wants to wait', async () => {
    const source = new ScriptedSource();
    source.problems = [lost];
    const parts = { source: () => source, sink: () => new MemorySink(stored) };
    const { options, events } = rig(state, parts, { firstContact: 'fail' });
    await expect(new Pipeline(options).run()).rejects.toBe(lost);
    expect(events.some(({ kind }) => kind === 'retry')).toBe(false);
  });

  it('stops at once at what only a person can mend', async () => {
    const source = new ScriptedSource();
    source.send({ kind: 'refused', error: slotLost });
    const { options } = rig(state, { source: () => source, sink: () => new MemorySink(stored) });
    await expect(new Pipeline(options).run()).rejects.toBe(slotLost);

    const unusable = new ScriptedSource();
    unusable.problems = [lost, slotLost];
    const second = rig(state, { source: () => unusable, sink: () => new MemorySink(stored) });
    await expect(new Pipeline(second.options).run()).rejects.toBe(slotLost);
    expect(unusable.started).toBeUndefined();
  });

  it('publishes what was staged when it died between staging and publishing', async () => {
    const first = new ScriptedSource();
    first.send(...snapshotMessages(100n, 1n, 2n));
    const dying = rig(state, {
      source: () => first,
      sink: () =>
        new MemorySink(stored, () => {
          throw new Error('killed');
        }),
    });
    await expect(new Pipeline(dying.options).run()).rejects.toThrow('killed');
    expect(stored.position).toBe('missing');

    const second = new ScriptedSource();
    second.end = 100n;
    second.send({ kind: 'streaming', position: postgresPosition(100n), tables: [schema] });
    const { options } = rig(
      state,
      { source: () => second, sink: () => new MemorySink(stored) },
      { until: 'caught-up' },
    );
    await new Pipeline(options).run();
    expect(stored.ids).toEqual([1n, 2n]);
  });

  it('ends as fenced when another run has claimed the pipeline', async () => {
    const source = new ScriptedSource();
    const { options } = rig(state, { source: () => source, sink: () => new MemorySink(stored) });
    const pipeline = new Pipeline(options);
    const ended = pipeline.run();
    source.send(...snapshotMessages(100n, 1n));
    await source.untilAcknowledged(100n);
    await new ProgressLog(state, () => 'second').claim();
    source.send({ kind: 'transactions', group: group(110n, 3n) });
    await expect(ended).rejects.toMatchObject({ code: 'pipeline/fenced', kind: 'fenced' });
    expect(stored.ids).toEqual([1n]);
    expect(source.acknowledged).toEqual([postgresPosition(100n)]);
  });

  it('ends as fenced when the later run is why its source fails', async () => {
    const source = new ScriptedSource();
    const { options } = rig(state, { source: () => source, sink: () => new MemorySink(stored) });
    const ended = new Pipeline(options).run();
    source.send(...snapshotMessages(100n, 1n));
    await source.untilAcknowledged(100n);
    await new ProgressLog(state, () => 'second').claim();
    source.send(slotLost);
    await expect(ended).rejects.toMatchObject({ code: 'pipeline/fenced', kind: 'fenced' });
  });

  it.each([
    [{ outcome: 'fenced', incarnation: 9 } as const, 'pipeline/fenced'],
    [{ outcome: 'conflicted', error: slotLost } as const, 'postgres/slot-lost'],
  ])('ends when a table says %j', async (outcome, code) => {
    const source = new ScriptedSource();
    source.send(...snapshotMessages(100n, 1n));
    const { options } = rig(state, {
      source: () => source,
      sink: () => new MemorySink(stored, () => outcome),
    });
    await expect(new Pipeline(options).run()).rejects.toMatchObject({ code });
  });

  it('follows from the record of the source when its own is lost, and says so', async () => {
    stored.position = postgresPosition(100n);
    const source = new ScriptedSource();
    source.end = 100n;
    source.send({ kind: 'streaming', position: postgresPosition(100n), tables: [schema] });
    const { options, events } = rig(
      state,
      { source: () => source, sink: () => new MemorySink(stored) },
      { until: 'caught-up' },
    );
    await new Pipeline(options).run();
    expect(source.started).toEqual({ kind: 'source-record' });
    expect(events.some(({ kind }) => kind === 'warning')).toBe(true);
  });

  it('begins without the rows that are there when no snapshot is wanted', async () => {
    const source = new ScriptedSource();
    const { options } = rig(
      state,
      { source: () => source, sink: () => new MemorySink(stored) },
      { snapshot: 'never' },
    );
    const pipeline = new Pipeline(options);
    const ended = pipeline.run();
    source.send(
      { kind: 'streaming', position: postgresPosition(50n), tables: [schema] },
      { kind: 'transactions', group: group(60n, 7n) },
    );
    await source.untilAcknowledged(60n);
    pipeline.stop();
    await ended;
    expect(source.started).toEqual({ kind: 'now' });
    expect(stored.ids).toEqual([7n]);
  });

  it('refuses to go on when a table has vanished', async () => {
    const log = new ProgressLog(state, () => 'earlier');
    await log.claim();
    const stage = { kind: 'streaming', position: postgresPosition(9n) } as const;
    await log.append({ batch: 1, history: null, stage, tables: [table], resyncs: [] });
    const source = new ScriptedSource();
    const { options } = rig(state, { source: () => source, sink: () => new MemorySink(stored) });
    await expect(new Pipeline(options).run()).rejects.toMatchObject({
      code: 'pipeline/position-missing',
    });
  });

  it('gathers what arrives while a commit is under way, and reads no further when that is full', async () => {
    let release: (() => void) | undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const source = new ScriptedSource();
    class SlowSink extends MemorySink {
      override table(): ReturnType<MemorySink['table']> {
        const sink = super.table();
        const commit = sink.commit.bind(sink);
        sink.commit = async (point) => {
          await held;
          return commit(point);
        };
        return sink;
      }
    }
    const { options, events } = rig(
      state,
      { source: () => source, sink: () => new SlowSink(stored) },
      { commit: { intervalMs: 1, maxRows: 2, maxBytes: 1_000_000 } },
    );
    const pipeline = new Pipeline(options);
    const ended = pipeline.run();
    source.send(...snapshotMessages(100n, 1n));
    await source.untilAcknowledged(100n);
    for (const lsn of [110n, 120n, 130n, 140n]) {
      source.send({ kind: 'transactions', group: group(lsn, lsn, lsn + 1n) });
    }
    const received = (): number => events.filter(({ kind }) => kind === 'received').length;
    while (received() < 2) await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    expect(received()).toBe(2);
    release?.();
    await source.untilAcknowledged(140n);
    pipeline.stop();
    await ended;
    expect(stored.ids).toHaveLength(9);
  });
});
