import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { changeEvents, comparePositions } from '@cdc-demo/cdc-core';
import type { ChangeEvent, Position, Source, SourceMessage, StartFrom } from '@cdc-demo/cdc-core';

/** A database to test, with the empty table `contract` (id: integer key, text: nullable text). */
export interface SourceUnderTest {
  /** A new source that follows the table; earlier ones are stopped. */
  readonly open: () => Source;
  /** Runs the statements in one transaction. */
  readonly commit: (...statements: readonly string[]) => Promise<void>;
  /** Runs the statements in a transaction that is rolled back. */
  readonly rollback: (...statements: readonly string[]) => Promise<void>;
  readonly dispose: () => Promise<void>;
}

const insert = (id: number, text: string): string =>
  `INSERT INTO contract VALUES (${id}, '${text}')`;

/** Reads a source until it has seen enough. */
class Reader {
  readonly rows: string[] = [];
  readonly events: ChangeEvent[] = [];
  readonly positions: Position[] = [];
  readonly #messages: AsyncIterator<SourceMessage>;

  constructor(source: Source, from: StartFrom) {
    this.#messages = source.start(from)[Symbol.asyncIterator]();
  }

  /** Reads on until `isEnough`; gives the last message. */
  async until(isEnough: (message: SourceMessage) => boolean): Promise<SourceMessage> {
    for (;;) {
      const { value, done } = await this.#messages.next();
      if (done === true) throw new Error('The source ended');
      this.#keep(value);
      if (isEnough(value)) return value;
    }
  }

  /** Reads until so many changes were seen. */
  async changes(count: number): Promise<string[]> {
    while (this.events.length < count) await this.until(({ kind }) => kind === 'transactions');
    return this.events.map(describeEvent);
  }

  async isEnded(): Promise<boolean> {
    return (await this.#messages.next()).done === true;
  }

  #keep(message: SourceMessage): void {
    if (message.kind === 'refused') throw message.error;
    if (message.kind === 'snapshot-rows') {
      for (let row = 0; row < message.rows.length; row++) {
        const [id, text] = message.rows.row(row) as [number, string | null];
        this.rows.push(`${id}:${String(text)}`);
      }
    } else if (message.kind === 'transactions') {
      for (const batch of message.group.batches) this.events.push(...changeEvents(batch));
      this.positions.push(message.group.end);
    }
  }
}

function describeEvent(event: ChangeEvent): string {
  const values = 'after' in event ? event.after.values : 'before' in event ? beforeOf(event) : {};
  return `${event.op} ${String(values['id'] as number)}`;
}

function beforeOf(event: ChangeEvent & { op: 'delete' }): Readonly<Record<string, unknown>> {
  return event.before.kind === 'none' ? {} : event.before.values;
}

/** Everything that the `Source` port promises; each implementation calls it. */
export function sourceContract(name: string, make: () => Promise<SourceUnderTest>): void {
  describe(`Source contract: ${name}`, () => {
    let under: SourceUnderTest;
    beforeEach(async () => {
      under = await make();
    });
    afterEach(() => under.dispose());

    /** A source that was started, has given its rows, and was stopped: its position. */
    async function snapshotTaken(): Promise<Position> {
      const source = under.open();
      const message = await new Reader(source, { kind: 'snapshot' }).until(
        ({ kind }) => kind === 'snapshot-end',
      );
      await source.stop();
      if (message.kind !== 'snapshot-end') throw new Error('unreachable');
      return message.position;
    }

    it('finds nothing in the way, and changes nothing by looking', async () => {
      expect(await under.open().check()).toEqual([]);
    });

    it('gives the rows that are there once, and then every change', async () => {
      await under.commit(insert(1, 'a'), insert(2, 'b'));
      const source = under.open();
      const reader = new Reader(source, { kind: 'snapshot' });
      await reader.until(({ kind }) => kind === 'snapshot-begin');
      await under.commit(insert(3, 'after the beginning'));
      await reader.until(({ kind }) => kind === 'snapshot-end');
      expect(reader.rows.toSorted()).toEqual(['1:a', '2:b']);
      expect(await reader.changes(1)).toEqual(['insert 3']);
      await source.stop();
    });

    it('gives whole transactions in commit order, their changes in the order they were made', async () => {
      const position = await snapshotTaken();
      await under.commit(insert(1, 'a'), `UPDATE contract SET text = 'b' WHERE id = 1`);
      await under.rollback(insert(99, 'never'));
      await under.commit(insert(2, 'c'), 'DELETE FROM contract WHERE id = 1');
      const source = under.open();
      const reader = new Reader(source, { kind: 'position', position });
      const expected = ['insert 1', 'update 1', 'insert 2', 'delete 1'];
      expect(await reader.changes(4)).toEqual(expected);
      const commits = reader.events.map(({ transaction, ordinal }) => ({ transaction, ordinal }));
      expect(commits.map(({ ordinal }) => ordinal)).toEqual([0, 1, 0, 1]);
      const [first, , third] = commits.map(({ transaction }) => transaction);
      if (first === 'snapshot' || third === 'snapshot' || !first || !third)
        throw new Error('snapshot');
      expect(comparePositions(first.end, third.end)).toBeLessThan(0);
      expect(reader.positions.at(-1)).toEqual(third.end);
      await source.stop();
    });

    it('gives again what was not acknowledged, and not what lies before its start', async () => {
      const position = await snapshotTaken();
      await under.commit(insert(1, 'a'));
      const first = under.open();
      const reader = new Reader(first, { kind: 'position', position });
      await reader.changes(1);
      await first.stop();
      const second = under.open();
      const again = new Reader(second, { kind: 'position', position });
      expect(await again.changes(1)).toEqual(['insert 1']);
      const end = again.positions.at(-1) ?? position;
      await second.acknowledge(end);
      await second.stop();
      await under.commit(insert(2, 'b'));
      const third = under.open();
      const rest = new Reader(third, { kind: 'position', position: end });
      expect(await rest.changes(1)).toEqual(['insert 2']);
      await third.stop();
    });

    it('knows where its log ends, and how far that is ahead', async () => {
      const position = await snapshotTaken();
      const source = under.open();
      const reader = new Reader(source, { kind: 'position', position });
      await reader.until(({ kind }) => kind === 'streaming');
      await under.commit(insert(1, 'a'));
      const end = await source.currentPosition();
      await reader.changes(1);
      expect(comparePositions(reader.positions.at(-1) ?? position, end)).toBeLessThanOrEqual(0);
      expect((await source.lag()).behindBytes).toBeGreaterThan(0n);
      await source.stop();
    });

    it('ends when it is stopped, in the middle of waiting too, and twice', async () => {
      const position = await snapshotTaken();
      const source = under.open();
      const reader = new Reader(source, { kind: 'position', position });
      await reader.until(({ kind }) => kind === 'streaming');
      const ended = reader.isEnded();
      await source.stop();
      await source.stop();
      expect(await ended).toBe(true);
    });

    it('leaves nothing behind when it is dropped', async () => {
      await snapshotTaken();
      await under.open().drop();
      const source = under.open();
      const reader = new Reader(source, { kind: 'snapshot' });
      await reader.until(({ kind }) => kind === 'snapshot-end');
      expect(reader.rows).toEqual([]);
      await source.stop();
    });
  });
}
