import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { TableSchema } from '../schema/table-schema.ts';
import { CdcError, explainError, isCdcError } from '../errors/cdc-error.ts';
import { silentLogger } from '../ports/logger.ts';
import { DELETE, INSERT, NO_IMAGE, READ, TRUNCATE, UPDATE, ChangeBatch } from './change-batch.ts';
import { changeEvents } from './change-event.ts';
import {
  comparePositions,
  formatPosition,
  parseLsn,
  parsePosition,
  postgresPosition,
} from './position.ts';
import { TransactionAssembler } from './transaction-assembler.ts';

const schema: TableSchema = {
  table: { namespace: 'public', name: 't' },
  version: 1,
  fields: [
    { id: 1, name: 'id', type: { kind: 'int', bits: 32 }, nullable: false },
    { id: 2, name: 'text', type: { kind: 'string' }, nullable: true },
  ],
  key: [0],
};
const other: TableSchema = { ...schema, table: { namespace: 'public', name: 'u' } };
const begin = (n: bigint) => ({ commit: postgresPosition(n * 10n), committedAtUs: n, id: n });
const end = (n: bigint) => postgresPosition(n * 10n + 5n);

function insert(assembler: TransactionAssembler, to: TableSchema, id: number): void {
  const batch = assembler.batchFor(to);
  const after = batch.images.appendRow([id, 'x']);
  assembler.append(batch, INSERT, { before: NO_IMAGE, after, beforeIsFull: false });
}

describe('positions', () => {
  it('read back from their one text and keep their order', () => {
    const lsn = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    fc.assert(
      fc.property(lsn, lsn, (a, b) => {
        const [x, y] = [postgresPosition(a), postgresPosition(b)];
        expect(parsePosition(formatPosition(x))).toEqual(x);
        expect(Math.sign(comparePositions(x, y))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
    expect(formatPosition(postgresPosition(0n))).toBe('postgres:0/0');
    expect(formatPosition(postgresPosition(2n ** 64n - 1n))).toBe('postgres:FFFFFFFF/FFFFFFFF');
  });

  it.each(['', 'postgres:', 'postgres:0', 'postgres:0/0/0', 'mysql:0/0', 'postgres:g/0'])(
    'refuse %j',
    (text) => {
      expect(() => parsePosition(text)).toThrow(SyntaxError);
    },
  );

  it('refuse what is no LSN', () => {
    for (const text of ['1', '1/', '/1', '1/2/3', '123456789/0']) {
      expect(() => parseLsn(text)).toThrow(SyntaxError);
    }
  });
});

describe('TransactionAssembler', () => {
  it('lets go of whole transactions only, ordered by commit and ordinal', () => {
    const assembler = new TransactionAssembler();
    expect(assembler.take()).toBeUndefined();
    assembler.begin(begin(1n));
    insert(assembler, schema, 1);
    insert(assembler, other, 2);
    insert(assembler, schema, 3);
    expect(assembler.isOpen).toBe(true);
    expect(assembler.take()).toBeUndefined();
    assembler.commit(end(1n));
    assembler.begin(begin(2n));
    insert(assembler, schema, 4);
    assembler.commit(end(2n));
    expect(assembler.transactions).toBe(2);

    const group = assembler.take();
    expect(group).toMatchObject({ transactions: 2, changes: 4, end: end(2n), committedAtUs: 2n });
    expect(group?.bytes).toBeGreaterThan(0);
    const events = group?.batches.flatMap((batch) => [...changeEvents(batch)]) ?? [];
    expect(
      events.map((event) => [
        event.table.name,
        event.transaction === 'snapshot' ? 0n : event.transaction.id,
        event.ordinal,
      ]),
    ).toEqual([
      ['t', 1n, 0],
      ['t', 1n, 2],
      ['t', 2n, 0],
      ['u', 1n, 1],
    ]);
    expect(assembler.take()).toBeUndefined();
  });

  it('forgets an open transaction, and keeps those before it', () => {
    const assembler = new TransactionAssembler();
    assembler.begin(begin(1n));
    insert(assembler, schema, 1);
    assembler.commit(end(1n));
    assembler.begin(begin(2n));
    insert(assembler, schema, 2);
    insert(assembler, other, 3);
    assembler.rollback();
    assembler.begin(begin(3n));
    insert(assembler, schema, 4);
    assembler.commit(end(3n));
    const group = assembler.take();
    expect(group?.batches).toHaveLength(1);
    const events = [...changeEvents(group?.batches[0] ?? new ChangeBatch(schema))];
    expect(events.map((event) => ('after' in event ? event.after.values['id'] : null))).toEqual([
      1, 4,
    ]);
    expect(events.map(({ transaction }) => transaction)).toEqual([
      { ...begin(1n), end: end(1n) },
      { ...begin(3n), end: end(3n) },
    ]);
  });

  it('begins another batch when a table looks different', () => {
    const assembler = new TransactionAssembler();
    const wider: TableSchema = {
      ...schema,
      version: 2,
      fields: [...schema.fields, { id: 3, name: 'c', type: { kind: 'date' }, nullable: true }],
    };
    assembler.begin(begin(1n));
    insert(assembler, schema, 1);
    insert(assembler, wider, 2);
    assembler.commit(end(1n));
    expect(assembler.take()?.batches.map(({ schema: { version } }) => version)).toEqual([1, 2]);
  });

  it('is told about mistakes', () => {
    const assembler = new TransactionAssembler();
    expect(() => assembler.commit(end(1n))).toThrow('no transaction is open');
    assembler.begin(begin(1n));
    expect(() => assembler.begin(begin(2n))).toThrow('open already');
  });
});

describe('changeEvents', () => {
  it('say what the source sent of each row', () => {
    const batch = new ChangeBatch(schema, 1);
    const row = (id: number | null, text: string | null): number =>
      batch.images.appendRow([id, text]);
    batch.append(READ, { before: NO_IMAGE, after: row(1, 'a'), beforeIsFull: false }, 0);
    batch.append(UPDATE, { before: row(1, 'a'), after: row(1, 'b'), beforeIsFull: true }, 1);
    batch.images.columns[0]?.appendValue(1);
    batch.images.columns[1]?.appendUnchanged();
    batch.append(
      UPDATE,
      { before: NO_IMAGE, after: batch.images.endRow(), beforeIsFull: false },
      2,
    );
    batch.append(DELETE, { before: row(1, null), after: NO_IMAGE, beforeIsFull: false }, 3);
    batch.append(TRUNCATE, { before: NO_IMAGE, after: NO_IMAGE, beforeIsFull: false }, 4);
    const events = [...changeEvents(batch)];
    expect(events.map(({ op }) => op)).toEqual(['read', 'update', 'update', 'delete', 'truncate']);
    expect(events[0]).toMatchObject({
      transaction: 'snapshot',
      after: { values: { id: 1, text: 'a' } },
    });
    expect(events[1]).toMatchObject({ before: { kind: 'full', values: { text: 'a' } } });
    expect(events[2]).toMatchObject({
      before: { kind: 'none' },
      after: { values: { id: 1 }, unchanged: ['text'] },
    });
    expect(events[3]).toMatchObject({ before: { kind: 'key', values: { id: 1 } } });
    expect(batch.byteSize).toBeGreaterThan(0);
    batch.ops[0] = 9;
    expect(() => [...changeEvents(batch)]).toThrow('Unknown operation 9');
  });
});

describe('errors', () => {
  const policy = { retry: 'never', kind: 'failed', remedy: 'Turn it off and on' } as const;

  it('carry what to do, and are recognised whatever copy of the package made them', () => {
    const cause = new Error('below');
    const error = new CdcError({
      code: 'x/y',
      message: 'It broke',
      policy,
      cause,
      context: { n: 1 },
    });
    expect(isCdcError(error)).toBe(true);
    expect(isCdcError(cause)).toBe(false);
    expect(isCdcError(null)).toBe(false);
    expect(error).toMatchObject({ code: 'x/y', retry: 'never', kind: 'failed', cause });
    expect(explainError(error)).toBe('It broke\nTurn it off and on');
    expect(explainError(cause)).toBe('below');
    expect(explainError('text')).toBe('text');
  });

  it('may know a better remedy than their policy', () => {
    const error = new CdcError({ code: 'x/y', message: 'm', policy, remedy: 'Do this' });
    expect(error.remedy).toBe('Do this');
    expect(error.context).toEqual({});
  });
});

describe('silentLogger', () => {
  it('takes everything and gives itself', () => {
    expect(silentLogger.child({ a: 1 })).toBe(silentLogger);
    expect(silentLogger.info('nothing')).toBeUndefined();
  });
});
