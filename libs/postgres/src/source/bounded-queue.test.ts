import { expect, test } from '@jest/globals';
import { BoundedQueue } from './bounded-queue.ts';

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

test('a producer waits while the queue is full', async () => {
  const queue = new BoundedQueue<number>(2);
  const put: number[] = [];
  const produce = async (): Promise<void> => {
    for (let i = 0; i < 4; i++) {
      await queue.put(i);
      put.push(i);
    }
    queue.end();
  };
  const produced = produce();
  await new Promise(setImmediate);
  expect(put).toEqual([0, 1]);
  expect(await collect(queue.items())).toEqual([0, 1, 2, 3]);
  await produced;
});

test('several producers may wait, and each goes on', async () => {
  const queue = new BoundedQueue<number>(1);
  const producers = [1, 2, 3].map((item) => queue.put(item));
  void Promise.all(producers).then(() => queue.end());
  expect(await collect(queue.items())).toEqual([1, 2, 3]);
  expect(await Promise.all(producers)).toEqual([true, true, true]);
});

test('a failure comes after what waits, and producers learn of the end', async () => {
  const queue = new BoundedQueue<number>(1);
  await queue.put(1);
  const waiting = queue.put(2);
  queue.end(new Error('broken'));
  expect(await waiting).toBe(false);
  const items: number[] = [];
  const reading = (async () => {
    for await (const item of queue.items()) items.push(item);
  })();
  await expect(reading).rejects.toThrow('broken');
  expect(items).toEqual([1]);
});
