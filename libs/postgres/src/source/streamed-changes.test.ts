import { MemorySpillSpace } from '@cdc-demo/cdc-testing';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { StreamedChanges } from './streamed-changes.ts';

const BUFFER_BYTES = 64;
const LETTER = 'L'.charCodeAt(0);

/** What a session of the source does. */
type Step =
  | { readonly kind: 'change'; readonly bytes: number }
  | { readonly kind: 'savepoint' | 'release' | 'rollback' | 'flush' };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('change'), bytes: fc.nat(100) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('savepoint', 'flush') }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('release', 'rollback') }) },
) as fc.Arbitrary<Step>;

interface Subtransaction {
  readonly id: number;
  /** Subtransactions that ended well within it. */
  readonly released: number[];
}

/** A transaction of which the server tells what it would. */
class Session {
  readonly #changes: StreamedChanges;
  readonly #open: Subtransaction[] = [{ id: 1, released: [] }];
  kept: { readonly id: number; readonly content: number[] }[] = [];
  #ids = 1;
  #count = 0;

  constructor(changes: StreamedChanges) {
    this.#changes = changes;
  }

  async take(step: Step): Promise<void> {
    const current = this.#open.at(-1)!;
    switch (step.kind) {
      case 'savepoint':
        this.#open.push({ id: ++this.#ids, released: [] });
        break;
      case 'release':
        if (this.#open.length === 1) break;
        this.#open.pop();
        this.#open.at(-1)!.released.push(current.id, ...current.released);
        break;
      case 'rollback':
        if (this.#open.length === 1) break;
        this.#open.pop();
        await this.#changes.flush();
        for (const id of [...current.released, current.id]) {
          await this.#changes.rollBack(id);
          this.kept = this.kept.filter((change) => change.id !== id);
        }
        break;
      case 'flush':
        await this.#changes.flush();
        break;
      case 'change': {
        const content = Array.from({ length: step.bytes }, () => this.#count % 256);
        this.#count++;
        this.kept.push({ id: current.id, content });
        await this.#changes.append(current.id, LETTER, Uint8Array.from(content));
      }
    }
  }
}

async function replayed(changes: StreamedChanges): Promise<number[][]> {
  const messages: number[][] = [];
  await changes.replay(
    (bytes, start, end) => {
      messages.push([...bytes.subarray(start, end)]);
      return messages.length % 3 === 0 ? Promise.resolve() : undefined;
    },
    () => undefined,
  );
  return messages;
}

describe('changes of a transaction that has not ended', () => {
  test('whatever is rolled back, the rest comes back in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const space = new MemorySpillSpace();
        const changes = await StreamedChanges.create(space, new Uint8Array(BUFFER_BYTES));
        const session = new Session(changes);
        for (const each of steps) await session.take(each);
        await changes.flush();
        const kept = session.kept.map(({ content }) => [LETTER, ...content]);
        expect(await replayed(changes)).toEqual(kept);
        await changes.release();
        expect(space.openFiles).toBe(0);
      }),
      { numRuns: 500 },
    );
  });

  test('two of them take turns with one buffer', async () => {
    const space = new MemorySpillSpace();
    const buffer = new Uint8Array(BUFFER_BYTES);
    const both = [
      await StreamedChanges.create(space, buffer),
      await StreamedChanges.create(space, buffer),
    ];
    for (let i = 0; i < 10; i++) {
      for (const [n, changes] of both.entries()) {
        await changes.append(n, LETTER, Uint8Array.of(n, i));
        await changes.flush();
      }
    }
    for (const [n, changes] of both.entries()) {
      const expected = Array.from({ length: 10 }, (_, i) => [LETTER, n, i]);
      expect(await replayed(changes)).toEqual(expected);
    }
  });
});
