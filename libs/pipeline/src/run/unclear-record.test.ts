import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ColumnBatch, postgresPosition } from '@cdc-demo/cdc-core';
import type { SourceMessage, TableSink } from '@cdc-demo/cdc-core';
import { FaultyStore } from '@cdc-demo/cdc-testing';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { MemorySink, ScriptedSource, emptyTable, rig, schema, table } from '../testing.fixture.ts';
import { Pipeline } from './pipeline.ts';

/** A sink that says when staged rows were taken away. */
class WatchedSink extends MemorySink {
  aborted = 0;

  override table(): TableSink {
    const inner = super.table();
    const stage = inner.stageSnapshot.bind(inner);
    inner.stageSnapshot = async (of) => {
      const staging = await stage(of);
      return Object.assign(staging, {
        abort: () => {
          this.aborted++;
          return Promise.resolve();
        },
      });
    };
    return inner;
  }
}

describe('a record of staged rows whose answer is an error', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'unclear-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  it('keeps the rows that it names, and the next attempt publishes them', async () => {
    const state = new FaultyStore(new LocalObjectStore(root));
    const stored = emptyTable();
    const sink = new WatchedSink(stored);
    const sources: ScriptedSource[] = [];
    const { options } = rig(state, {
      source: () => {
        const source = new ScriptedSource();
        source.end = 100n;
        source.send(...(sources.length === 0 ? snapshot : following));
        sources.push(source);
        return source;
      },
      sink: () => sink,
    });
    let records = 0;
    // The claim, the snapshot's beginning, two entries of its journal, then the staged rows.
    state.plan = (operation) =>
      operation === 'putIfAbsent' && ++records === 5 ? 'fail-after' : 'none';
    await new Pipeline({ ...options, until: 'caught-up' }).run();
    expect(sink.aborted).toBe(0);
    expect(stored.ids).toEqual([1n, 2n]);
    expect(sources[1]?.started).toMatchObject({ kind: 'position' });
  });
});

const position = postgresPosition(100n);
const snapshot: readonly SourceMessage[] = [
  {
    kind: 'snapshot-begin',
    position,
    tables: [{ schema, estimatedRows: 2 }],
    run: 1,
    kept: 'none',
  },
  { kind: 'snapshot-rows', schema, unit: 0, rows: rowsOf(1n, 2n) },
  { kind: 'snapshot-unit-end', schema, unit: 0, finished: 'all' },
  { kind: 'snapshot-table-end', table },
  { kind: 'snapshot-end', position, settledAt: position },
];
const following: readonly SourceMessage[] = [{ kind: 'streaming', position, tables: [schema] }];

function rowsOf(...ids: readonly bigint[]): ColumnBatch {
  const rows = new ColumnBatch(schema.fields);
  for (const id of ids) rows.appendRow([id]);
  return rows;
}
