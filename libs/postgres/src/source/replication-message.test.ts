import { expect, test } from '@jest/globals';
import { readReplicationMessage, standbyStatusUpdate } from './replication-message.ts';

function keepalive(walEnd: bigint, reply: number): Uint8Array {
  const bytes = new Uint8Array(18 + 3);
  const view = new DataView(bytes.buffer);
  view.setUint8(3, 0x6b);
  view.setBigUint64(4, walEnd);
  view.setUint8(20, reply);
  return bytes;
}

test('a keepalive says where the log ends and whether it wants an answer', () => {
  const walEnd = 0xfedcba9876543210n;
  expect(readReplicationMessage(keepalive(walEnd, 1), 3, 21)).toEqual({
    walEnd,
    replyRequested: true,
  });
  expect(readReplicationMessage(keepalive(1n, 0), 3, 21)).toMatchObject({ replyRequested: false });
});

test('data is told by its kind and has its header', () => {
  const bytes = new Uint8Array(26);
  bytes[0] = 0x77;
  expect(readReplicationMessage(bytes, 0, 26)).toBe('data');
  expect(() => readReplicationMessage(bytes, 0, 24)).toThrow('24 bytes');
});

test.each([
  [[], 'kind none'],
  [[0x78, 0], 'kind 120'],
  [[0x6b, 0], 'kind 107'],
])('%j is refused', (bytes, reason) => {
  expect(() => readReplicationMessage(Uint8Array.from(bytes), 0, bytes.length)).toThrow(reason);
});

test('a status update says one LSN three times, and the time since 2000', () => {
  const bytes = standbyStatusUpdate(0x0102030405060708n, 946_684_800_001);
  const view = new DataView(bytes.buffer);
  expect(bytes.length).toBe(34);
  expect([1, 9, 17].map((at) => view.getBigUint64(at))).toEqual(Array(3).fill(0x0102030405060708n));
  expect(view.getBigInt64(25)).toBe(1000n);
  expect(view.getUint8(33)).toBe(0);
});
