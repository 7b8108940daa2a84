import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { INSERT, NO_IMAGE, TransactionAssembler, postgresPosition } from '@cdc-demo/cdc-core';
import type { CommitOutcome, TransactionGroup } from '@cdc-demo/cdc-core';
import { MemorySpillSpace } from '@cdc-demo/cdc-testing';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ProgressLog } from '../progress/progress-log.ts';
import { MemorySink, ScriptedSource, emptyTable, rig, schema } from '../testing.fixture.ts';
import { Pipeline } from './pipeline.ts';

const streaming = (lsn: bigint) =>
  ({ kind: 'streaming', position: postgresPosition(lsn) }) as const;

/** One transaction whose first change is on disk. */
async function spilledGroup(space: MemorySpillSpace, lsn: bigint): Promise<TransactionGroup> {
  const assembler = new TransactionAssembler();
  assembler.begin({ commit: postgresPosition(lsn - 1n), committedAtUs: lsn, id: lsn });
  for (const id of [lsn, lsn + 1n]) {
    const batch = assembler.batchFor(schema);
    const after = batch.images.appendRow([id]);
    assembler.append(batch, INSERT, { before: NO_IMAGE, after, beforeIsFull: false });
    if (id === lsn) await assembler.spill(space);
  }
  assembler.commit(postgresPosition(lsn));
  const taken = assembler.take();
  if (!taken) throw new Error('nothing was committed');
  return taken;
}

describe('changes on disk', () => {
  let root: string;
  let state: LocalObjectStore;
  let space: MemorySpillSpace;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'spilled-'));
    state = new LocalObjectStore(root);
    space = new MemorySpillSpace();
    const log = new ProgressLog(state, () => 'earlier');
    await log.claim();
    const tables = [schema.table];
    await log.append({ batch: 1, history: null, stage: streaming(90n), tables, resyncs: [] });
  });
  afterEach(() => rm(root, { recursive: true }));

  it('are given back when a commit fails, also those that nobody has looked at', async () => {
    const last = await spilledGroup(space, 120n);
    const source = new (class extends ScriptedSource {
      /** Something is still on its way. */
      override async stop(): Promise<void> {
        this.send({ kind: 'transactions', group: last });
        await nextTurn();
        return super.stop();
      }
    })();
    const stored = { ...emptyTable(), position: postgresPosition(90n), batch: 1 };
    const fenced = (): CommitOutcome => ({ outcome: 'fenced', incarnation: 99 });
    const sink = (): MemorySink => new MemorySink(stored, fenced);
    const { options } = rig(state, { source: () => source, sink });
    const ended = new Pipeline(options).run();
    source.send({ ...streaming(90n), tables: [schema] });
    for (const lsn of [100n, 110n]) {
      source.send({ kind: 'transactions', group: await spilledGroup(space, lsn) });
    }
    await expect(ended).rejects.toMatchObject({ code: 'pipeline/fenced' });
    expect([space.files, space.openFiles, stored.commits]).toEqual([3, 0, []]);
  });
});
