import { MemorySpillSpace } from '@cdc-demo/cdc-testing';
import { expect, test } from '@jest/globals';
import { INSERT, NO_IMAGE, TransactionAssembler, postgresPosition } from '@cdc-demo/cdc-core';
import type { SourceMessage, TableSchema } from '@cdc-demo/cdc-core';
import { Handover } from './handover.ts';

const SCHEMA: TableSchema = {
  table: { namespace: 'public', name: 't' },
  version: 1,
  fields: [{ id: 1, name: 'id', type: { kind: 'int', bits: 32 }, nullable: false }],
  key: [0],
};

/** A reader of a log whose transactions are one change of 10 bytes each. */
class Log {
  readonly assembler = new TransactionAssembler();
  readonly handover: Handover;

  constructor(maxBytes = 1000) {
    this.handover = new Handover(this.assembler, { position: 5n, maxBytes });
  }

  begin(lsn: bigint, bytes = 10): void {
    this.handover.received(bytes);
    this.assembler.begin({ commit: postgresPosition(lsn), committedAtUs: lsn, id: lsn });
  }

  change(id: number): void {
    const batch = this.assembler.batchFor(SCHEMA);
    batch.images.appendRow([id]);
    const after = batch.images.length - 1;
    this.assembler.append(batch, INSERT, { before: NO_IMAGE, after, beforeIsFull: false });
  }

  commit(end: bigint): void {
    this.assembler.commit(postgresPosition(end));
    this.handover.committed();
  }

  whole(lsn: bigint): void {
    this.begin(lsn);
    this.change(Number(lsn));
    this.commit(lsn + 1n);
  }
}

function brief(message: SourceMessage | undefined): string {
  if (!message) return 'end';
  if (message.kind === 'heartbeat') return `quiet until ${message.position.lsn}`;
  if (message.kind !== 'transactions') return message.kind;
  return `${message.group.transactions} to ${message.group.end.lsn}`;
}

test('transactions gather until the consumer asks', async () => {
  const log = new Log();
  for (const lsn of [10n, 20n, 30n]) log.whole(lsn);
  log.handover.chunkEnded();
  expect(brief(await log.handover.next())).toBe('3 to 31');
  expect(log.handover.handedOver).toBe(31n);
});

test('a consumer that waits gets all that one chunk brings at once', async () => {
  const log = new Log();
  const next = log.handover.next();
  log.whole(10n);
  log.whole(20n);
  log.handover.chunkEnded();
  expect(brief(await next)).toBe('2 to 21');
});

test('a chunk that ends inside a transaction gives a group at its COMMIT', async () => {
  const log = new Log();
  const next = log.handover.next();
  log.whole(10n);
  log.begin(20n);
  log.change(1);
  log.handover.chunkEnded();
  log.commit(21n);
  log.begin(30n);
  expect(brief(await next)).toBe('2 to 21');
  const second = log.handover.next();
  log.commit(31n);
  log.handover.chunkEnded();
  expect(brief(await second)).toBe('quiet until 31');
});

test('a consumer that asks while a transaction is open gets a group at its COMMIT', async () => {
  const log = new Log();
  log.whole(10n);
  log.begin(20n);
  log.change(1);
  log.handover.chunkEnded();
  const next = log.handover.next();
  log.commit(21n);
  expect(brief(await next)).toBe('2 to 21');
});

test('a heartbeat comes after all transactions before it, also behind an open one', async () => {
  const log = new Log();
  log.whole(10n);
  log.handover.quiet(15n);
  log.begin(20n);
  log.change(1);
  log.handover.chunkEnded();
  const next = log.handover.next();
  const outcome = await Promise.race([next, Promise.resolve('nothing yet')]);
  expect(outcome).toBe('nothing yet');
  log.commit(21n);
  expect(brief(await next)).toBe('2 to 21');
  log.handover.quiet(40n);
  expect(brief(await log.handover.next())).toBe('quiet until 40');
});

test('a heartbeat that says nothing new is not given', async () => {
  const log = new Log();
  log.handover.quiet(5n);
  const next = log.handover.next();
  log.handover.quiet(6n);
  log.handover.chunkEnded();
  expect(brief(await next)).toBe('quiet until 6');
});

test('transactions without changes for us are a heartbeat', async () => {
  const log = new Log();
  log.begin(10n);
  log.commit(11n);
  expect(brief(await log.handover.next())).toBe('quiet until 11');
});

test('the reader waits while too much is there, and goes on when it was taken', async () => {
  const log = new Log(25);
  log.whole(10n);
  log.whole(20n);
  await log.handover.room();
  log.whole(30n);
  log.handover.chunkEnded();
  const room = log.handover.room().then(() => 'room');
  expect(await Promise.race([room, Promise.resolve('full')])).toBe('full');
  expect(brief(await log.handover.next())).toBe('3 to 31');
  expect(await room).toBe('room');
});

test('a large transaction is read to its end although the buffer is full', async () => {
  const log = new Log(25);
  log.whole(10n);
  log.begin(20n, 1000);
  log.handover.chunkEnded();
  await log.handover.room();
  expect(log.handover.openBytes).toBe(1000);
  log.change(1);
  log.commit(21n);
  expect(log.handover.openBytes).toBe(0);
  expect(brief(await log.handover.next())).toBe('2 to 21');
});

test('a failure comes after what is whole; what is open is forgotten', async () => {
  const log = new Log();
  log.whole(10n);
  log.begin(20n);
  log.change(1);
  log.handover.end(new Error('broken'));
  expect(brief(await log.handover.next())).toBe('1 to 11');
  await expect(log.handover.next()).rejects.toThrow('broken');
});

test('the end reaches a consumer that waits, and a reader that waits', async () => {
  const waiting = new Log();
  const next = waiting.handover.next();
  waiting.handover.end();
  waiting.handover.end(new Error('later'));
  expect(brief(await next)).toBe('end');
  expect(brief(await waiting.handover.next())).toBe('end');
  const failing = new Log();
  const refused = failing.handover.next();
  failing.handover.end(new Error('broken'));
  await expect(refused).rejects.toThrow('broken');
  const full = new Log(5);
  full.whole(10n);
  full.handover.chunkEnded();
  const room = full.handover.room();
  full.handover.end();
  await expect(room).resolves.toBeUndefined();
});

test('what is on disk and was not asked for is given back', async () => {
  const log = new Log(5);
  const space = new MemorySpillSpace();
  log.begin(10n);
  log.change(1);
  await log.assembler.spill(space);
  log.commit(11n);
  log.begin(20n);
  log.change(2);
  log.handover.chunkEnded();
  log.commit(21n);
  expect(space.openFiles).toBe(1);
  log.handover.end();
  await log.handover.discard();
  expect(space.openFiles).toBe(0);
  await log.handover.discard();
});
