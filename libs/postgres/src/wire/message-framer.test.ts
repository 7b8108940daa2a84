import fc from 'fast-check';
import { expect, test } from '@jest/globals';
import { MessageFramer } from './message-framer.ts';

interface Message {
  readonly type: number;
  readonly payload: Uint8Array;
}

function encode({ type, payload }: Message): Uint8Array {
  const bytes = new Uint8Array(5 + payload.length);
  bytes[0] = type;
  new DataView(bytes.buffer).setUint32(1, 4 + payload.length);
  bytes.set(payload, 5);
  return bytes;
}

function read(framer: MessageFramer, into: Message[]): void {
  while (framer.next()) {
    const { type, bytes, start, end } = framer;
    into.push({ type, payload: bytes.slice(start, end) });
  }
}

test('messages come out as they went in, wherever the chunks end', () => {
  const message = fc.record({
    type: fc.integer({ min: 1, max: 127 }),
    payload: fc.uint8Array({ maxLength: 300 }),
  });
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
      (messages, sizes) => {
        const stream = Buffer.concat(messages.map(encode));
        const framer = new MessageFramer();
        const found: Message[] = [];
        for (let at = 0, i = 0; at < stream.length; i++) {
          const size = sizes[i % sizes.length]!;
          framer.push(stream.subarray(at, at + size));
          read(framer, found);
          at += size;
        }
        expect(found).toEqual(messages.map(({ type, payload }) => ({ type, payload })));
      },
    ),
  );
});

test('a message within one chunk is not copied', () => {
  const chunk = encode({ type: 100, payload: Uint8Array.of(1, 2, 3) });
  const framer = new MessageFramer();
  framer.push(chunk);
  expect(framer.next()).toBe(true);
  expect(framer.bytes).toBe(chunk);
  expect([framer.start, framer.end]).toEqual([5, 8]);
  expect(framer.next()).toBe(false);
});

test.each([0, 3, 0x40000000, 0xffffffff])('a message that claims %i bytes is refused', (length) => {
  const bytes = new Uint8Array(10);
  new DataView(bytes.buffer).setUint32(1, length);
  const framer = new MessageFramer();
  framer.push(bytes);
  expect(() => framer.next()).toThrow(
    expect.objectContaining({ code: 'postgres/malformed-message' }),
  );
});

test('a claim of much to come takes no memory before it comes', () => {
  const header = new Uint8Array(6);
  new DataView(header.buffer).setUint32(1, 0x3fffffff);
  const framer = new MessageFramer();
  framer.push(header);
  expect(framer.next()).toBe(false);
  framer.push(new Uint8Array(1000));
  expect(framer.next()).toBe(false);
  expect(framer.bytes.length).toBe(0);
});

test('a chunk may not be pushed before the last one is read', () => {
  const framer = new MessageFramer();
  framer.push(new Uint8Array(10));
  expect(() => framer.push(new Uint8Array(1))).toThrow('not read');
});
