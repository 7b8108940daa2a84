import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Field } from '../schema/field.ts';
import type { TableSchema } from '../schema/table-schema.ts';
import type { SpillFile, SpillSpace } from '../ports/spill-space.ts';
import type { FieldValue } from '../columns/field-value.ts';
import { DELETE, INSERT, NO_IMAGE, TRUNCATE, UPDATE } from './change-batch.ts';
import type { ChangeBatch } from './change-batch.ts';
import { changeEvents } from './change-event.ts';
import type { ChangeEvent } from './change-event.ts';
import { postgresPosition } from './position.ts';
import { TransactionAssembler } from './transaction-assembler.ts';
import type { TransactionGroup } from './transaction-assembler.ts';

/** Files in memory; counts those that were not released. */
class MemorySpace implements SpillSpace {
  open = 0;

  create(): Promise<SpillFile> {
    let bytes = Buffer.alloc(0);
    this.open++;
    return Promise.resolve({
      get size() {
        return bytes.length;
      },
      append: (pieces) => {
        bytes = Buffer.concat([bytes, ...pieces]);
        return Promise.resolve();
      },
      read: (start, length) => {
        return Promise.resolve(new Uint8Array(bytes.subarray(start, start + length)));
      },
      truncate: (size) => {
        bytes = bytes.subarray(0, size);
        return Promise.resolve();
      },
      release: () => {
        this.open--;
        return Promise.resolve();
      },
    });
  }
}

const named = (name: string, type: Field['type']): Field => ({ id: 0, name, type, nullable: true });
const text = { kind: 'string' } as const;
/** Every way in which a column lies in memory. */
const types: readonly Field['type'][] = [
  { kind: 'int', bits: 32 },
  { kind: 'int', bits: 64 },
  { kind: 'boolean' },
  { kind: 'float', bits: 32 },
  { kind: 'float', bits: 64 },
  text,
  { kind: 'uuid' },
  { kind: 'list', element: named('element', { kind: 'list', element: named('element', text) }) },
  { kind: 'map', key: named('key', text), value: named('value', { kind: 'int', bits: 64 }) },
  { kind: 'struct', fields: [named('a', { kind: 'boolean' }), named('b', text)] },
];
const wide: TableSchema = {
  table: { namespace: 'public', name: 'wide' },
  version: 1,
  fields: types.map((type, i) => named(`c${i}`, type)),
  key: [0],
};
const narrow: TableSchema = {
  table: { namespace: 'public', name: 'narrow' },
  version: 1,
  fields: [named('id', { kind: 'int', bits: 32 })],
  key: [0],
};

function row(seed: number): FieldValue[] {
  if (seed % 7 === 6) return types.map((_, i) => (i === 0 ? seed : null));
  const word = 'x'.repeat(seed % 5);
  const list = Array.from({ length: seed % 3 }, (_, i) => (i === 1 ? null : [word, null]));
  return [
    ...[seed, BigInt(seed) << 40n, seed % 2 === 0, seed / 4, -seed / 3, word],
    ...[`00000000-0000-4000-8000-${String(seed).padStart(12, '0')}`, list],
    ...[[[word, BigInt(seed)]] as FieldValue, { a: null, b: word }],
  ];
}

const change = fc.record({ kind: fc.nat(5), seed: fc.nat(1000) });
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

function apply(assembler: TransactionAssembler, { kind, seed }: Change): void {
  const batch = assembler.batchFor(kind === 5 ? narrow : wide);
  const { images } = batch;
  const image = (of: number): number => images.appendRow(kind === 5 ? [of] : row(of));
  if (kind === 0) {
    assembler.append(batch, TRUNCATE, { before: NO_IMAGE, after: NO_IMAGE, beforeIsFull: false });
  } else if (kind === 1) {
    assembler.append(batch, DELETE, { before: image(seed), after: NO_IMAGE, beforeIsFull: true });
  } else if (kind === 2) {
    images.columns.forEach((column, i) => {
      if (i === 0) column.appendValue(seed);
      else column.appendUnchanged();
    });
    const before = images.endRow();
    assembler.append(batch, UPDATE, { before, after: image(seed + 1), beforeIsFull: false });
  } else {
    assembler.append(batch, INSERT, { before: NO_IMAGE, after: image(seed), beforeIsFull: false });
  }
}

async function eventsOf(groups: readonly TransactionGroup[]): Promise<ChangeEvent[]> {
  const events: ChangeEvent[] = [];
  const read = (batch: ChangeBatch): void => void events.push(...changeEvents(batch));
  for (const { batches, spilled } of groups) {
    batches.forEach(read);
    for (const { tables } of spilled) {
      for (const table of tables) for await (const batch of table.batches()) read(batch);
    }
  }
  const order = (event: ChangeEvent): bigint =>
    event.transaction === 'snapshot' ? 0n : event.transaction.id * 1000n + BigInt(event.ordinal);
  return events.sort((a, b) => Number(order(a) - order(b)));
}

function taken(assembler: TransactionAssembler): TransactionGroup[] {
  const groups: TransactionGroup[] = [];
  for (let group = assembler.take(); group; group = assembler.take()) groups.push(group);
  return groups;
}

const begin = (n: number) => ({
  commit: postgresPosition(BigInt(n) * 10n),
  committedAtUs: BigInt(n),
  id: BigInt(n),
});

describe('a transaction that goes to disk', () => {
  it('has the changes that it would have in memory, whenever its parts went', async () => {
    const transaction = fc.record({
      changes: fc.array(change, { maxLength: 30 }),
      spillEvery: fc.integer({ min: 1, max: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(transaction, { maxLength: 5 }), async (transactions) => {
        const space = new MemorySpace();
        const [plain, spilling] = [new TransactionAssembler(), new TransactionAssembler()];
        for (const [n, { changes, spillEvery }] of transactions.entries()) {
          for (const assembler of [plain, spilling]) assembler.begin(begin(n));
          for (const [i, one] of changes.entries()) {
            apply(plain, one);
            apply(spilling, one);
            if ((i + 1) % spillEvery === 0) await spilling.spill(space);
          }
          for (const assembler of [plain, spilling]) {
            assembler.commit(postgresPosition(BigInt(n) * 10n + 5n));
          }
        }
        const [expected, groups] = [taken(plain), taken(spilling)];
        expect(await eventsOf(groups)).toEqual(await eventsOf(expected));
        const sum = (list: readonly TransactionGroup[], of: 'changes' | 'transactions'): number =>
          list.reduce((total, group) => total + group[of], 0);
        expect(sum(groups, 'changes')).toBe(sum(expected, 'changes'));
        expect(sum(groups, 'transactions')).toBe(transactions.length);
        const spilled = groups.flatMap((group) => group.spilled);
        expect(space.open).toBe(spilled.length);
        for (const one of spilled) {
          expect(one.byteSize).toBeGreaterThan(0);
          await one.release();
        }
        expect(space.open).toBe(0);
      }),
    );
  });

  it('is read in the order of its schemas, any number of times', async () => {
    const assembler = new TransactionAssembler();
    const space = new MemorySpace();
    const later = { ...narrow, version: 2, fields: [...narrow.fields, named('b', text)] };
    assembler.begin(begin(1));
    for (const schema of [narrow, later, narrow]) {
      const batch = assembler.batchFor(schema);
      const after = batch.images.appendRow([1]);
      assembler.append(batch, INSERT, { before: NO_IMAGE, after, beforeIsFull: false });
      if (schema === later) await assembler.spill(space);
    }
    expect(assembler.isSpilling).toBe(true);
    expect(assembler.hasSpilled).toBe(false);
    assembler.commit(postgresPosition(15n));
    expect(assembler.hasSpilled).toBe(true);
    const group = assembler.take()!;
    const [table] = group.spilled[0]!.tables;
    expect(table!.schemas).toEqual([narrow, later, narrow]);
    expect(await eventsOf([group])).toEqual(await eventsOf([group]));
  });

  it('is forgotten with its room when the connection ends', async () => {
    const assembler = new TransactionAssembler();
    const space = new MemorySpace();
    for (const n of [1, 2]) {
      assembler.begin(begin(n));
      apply(assembler, { kind: 3, seed: n });
      await assembler.spill(space);
      if (n === 1) assembler.commit(postgresPosition(15n));
    }
    expect(space.open).toBe(2);
    assembler.rollback();
    expect(() => assembler.begin(begin(3))).toThrow('open already');
    await assembler.discard();
    expect(space.open).toBe(0);
    expect(assembler.take()).toBeUndefined();
  });
});
