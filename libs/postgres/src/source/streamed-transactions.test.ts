import { formatLsn, silentLogger } from '@cdc-demo/cdc-core';
import type { Transaction } from '@cdc-demo/cdc-core';
import { MemorySpillSpace } from '@cdc-demo/cdc-testing';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { concat, int, utf8 } from '../decode/message.fixture.ts';
import type { StreamedChanges } from './streamed-changes.ts';
import { StreamedTransactions } from './streamed-transactions.ts';

const START = (xid: number, isFirst = true): Uint8Array =>
  concat(utf8('S'), int(4, xid), [isFirst ? 1 : 0]);
const STOP = utf8('E');
const ABORT = (xid: number, subtransaction = xid): Uint8Array =>
  concat(utf8('A'), int(4, xid, subtransaction));
const COMMIT = (xid: number, lsn: bigint): Uint8Array =>
  concat(utf8('c'), int(4, xid), [0], int(8, lsn, lsn + 8n, 1_000_000));
const CHANGE = (xid: number, text: string): Uint8Array =>
  concat(utf8('I'), int(4, xid), utf8(text));
const ORIGIN = concat(utf8('O'), int(8, 1), utf8('elsewhere\0'));

describe('transactions that are sent before they end', () => {
  let space: MemorySpillSpace;
  let ended: { transaction: Transaction; messages: string[] }[];
  let streamed: StreamedTransactions;

  beforeEach(() => {
    space = new MemorySpillSpace();
    ended = [];
    const replay = async (transaction: Transaction, changes: StreamedChanges): Promise<void> => {
      const messages: string[] = [];
      await changes.replay(
        (bytes, start, end) => {
          messages.push(new TextDecoder().decode(bytes.subarray(start, end)));
          return undefined;
        },
        () => undefined,
      );
      ended.push({ transaction, messages });
    };
    streamed = new StreamedTransactions({ space, logger: silentLogger, replay });
  });

  async function take(...messages: readonly Uint8Array[]): Promise<void> {
    for (const message of messages) await streamed.take(message, 0, message.length);
  }

  test('are told whole, in the order of their commits', async () => {
    await take(START(7), CHANGE(7, 'a'), STOP, START(8), CHANGE(8, 'b'), STOP);
    await take(START(7, false), CHANGE(7, 'c'), STOP, COMMIT(8, 100n), COMMIT(7, 200n));
    expect(ended.map(({ transaction, messages }) => [transaction.id, messages])).toEqual([
      [8n, ['Ib']],
      [7n, ['Ia', 'Ic']],
    ]);
    const { commit, end, committedAtUs } = ended[1]!.transaction;
    expect([formatLsn(commit.lsn), formatLsn(end.lsn)]).toEqual(['0/C8', '0/D0']);
    expect(committedAtUs).toBe(946_684_801_000_000n);
    expect([streamed.count, space.openFiles]).toEqual([0, 0]);
  });

  test('leave nothing when they are rolled back', async () => {
    await take(START(7), CHANGE(7, 'a'), STOP, ABORT(7));
    expect([streamed.count, space.openFiles, ended]).toEqual([0, 0, []]);
  });

  test('lose a subtransaction that is rolled back, and what is in it', async () => {
    await take(START(7), CHANGE(7, 'a'), CHANGE(8, 'b'), CHANGE(9, 'c'), STOP);
    await take(ABORT(7, 9), START(7, false), CHANGE(10, 'd'), STOP, ABORT(7, 8), ABORT(7, 11));
    await take(START(7, false), CHANGE(7, 'e'), STOP, COMMIT(7, 100n));
    expect(ended[0]?.messages).toEqual(['Ia', 'Ie']);
  });

  test('an origin in a block names no transaction and is told as it came', async () => {
    await take(START(7), ORIGIN, CHANGE(7, 'a'), STOP, COMMIT(7, 100n));
    expect(ended[0]?.messages).toEqual([new TextDecoder().decode(ORIGIN), 'Ia']);
  });

  test('only what stands in a block, or ends a transaction, concerns them', async () => {
    const insert = 'I'.charCodeAt(0);
    expect(streamed.concerns(insert)).toBe(false);
    await take(START(7));
    expect([streamed.isOpen, streamed.concerns(insert)]).toEqual([true, true]);
    await take(STOP);
    expect(streamed.concerns('A'.charCodeAt(0))).toBe(true);
    expect([streamed.isOpen, streamed.concerns(insert)]).toEqual([false, false]);
  });

  test('give their room back when the connection ends, and when a replay fails', async () => {
    await take(START(7), CHANGE(7, 'a'), STOP, START(8), CHANGE(8, 'b'));
    await streamed.discard();
    expect([streamed.count, space.openFiles]).toEqual([0, 0]);
    const replay = (): Promise<void> => Promise.reject(new Error('no table'));
    const failing = new StreamedTransactions({ space, logger: silentLogger, replay });
    for (const message of [START(7), CHANGE(7, 'a'), STOP]) {
      await failing.take(message, 0, message.length);
    }
    const commit = COMMIT(7, 100n);
    await expect(failing.take(commit, 0, commit.length)).rejects.toThrow('no table');
    expect(space.openFiles).toBe(0);
  });

  test.each([
    ['a stop without a start', [STOP]],
    ['a start in a block', [START(7), START(8)]],
    ['a first block of one that is known', [START(7), STOP, START(7)]],
    ['a later block of one that is not', [START(7, false)]],
    ['the end of one that is not known', [COMMIT(7, 100n)]],
    ['an end in a block', [START(7), COMMIT(7, 100n)]],
    ['a message that is too short', [START(7), utf8('I12')]],
    ['a message that is too long', [concat(START(7), [0])]],
  ])('%s is malformed', async (_, messages) => {
    await expect(take(...messages)).rejects.toMatchObject({ code: 'postgres/malformed-message' });
  });
});
