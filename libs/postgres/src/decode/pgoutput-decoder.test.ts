import { describe, expect, test } from '@jest/globals';
import { isCdcError, NULL, TransactionAssembler, UNCHANGED } from '@cdc-demo/cdc-core';
import type { ChangeBatch } from '@cdc-demo/cdc-core';
import fc from 'fast-check';
import {
  begin,
  commit,
  concat,
  int,
  relation,
  row,
  tableOf,
  unchanged,
  utf8,
} from './message.fixture.ts';
import type { Bytes, ColumnSpec } from './message.fixture.ts';
import { PgoutputDecoder } from './pgoutput-decoder.ts';
import type { PgoutputOptions } from './pgoutput-decoder.ts';

const COLUMNS: readonly ColumnSpec[] = [
  { name: 'id', typeOid: 20, isKey: true },
  { name: 'note', typeOid: 25 },
  { name: 'day', typeOid: 1082 },
];
const INFINITY = int(4, 0x7fffffff);

class Feed {
  readonly assembler = new TransactionAssembler();
  readonly decoder: PgoutputDecoder;

  constructor(options: Omit<PgoutputOptions, 'assembler'> = {}, columns = COLUMNS) {
    this.decoder = new PgoutputDecoder({ ...options, assembler: this.assembler });
    this.decoder.setTable(tableOf(columns));
  }

  send(...messages: readonly Bytes[]): this {
    for (const message of messages) this.decoder.decode(message, 0, message.length);
    return this;
  }

  /** The batch of one transaction of these messages. */
  batch(...messages: readonly Bytes[]): ChangeBatch {
    this.send(begin(16n), relation(COLUMNS), ...messages, commit(16n, 32n));
    return this.assembler.take()!.batches[0]!;
  }
}

/** A decoder in an open transaction, and a RELATION that it knows. */
const opened = (options: Omit<PgoutputOptions, 'assembler'> = {}): Feed =>
  new Feed(options).send(begin(16n), relation(COLUMNS));

describe('absence', () => {
  test('of the columns outside the key of a key-only old row is unchanged, not NULL', () => {
    const { images, before, beforeIsFull } = new Feed().batch(
      row('D', ['K', [int(8, 5), null, null]]),
    );
    expect(images.columns.map((column) => column.presence[before[0]!])).toEqual([1, 2, 2]);
    expect(beforeIsFull[0]).toBe(0);
  });

  test('of an unchanged value is filled from a full old row, and stays unchanged otherwise', () => {
    const { images, after } = new Feed().batch(
      row('U', ['O', [int(8, 5), 'old', null]], ['N', [int(8, 5), unchanged, unchanged]]),
      row('U', ['K', [int(8, 4), null, null]], ['N', [int(8, 5), unchanged, null]]),
      row('U', ['N', [int(8, 5), unchanged, null]]),
    );
    const note = images.columns[1]!;
    const presence = [...after.subarray(0, 3)].map((at) => [
      note.presence[at],
      images.columns[2]!.presence[at],
    ]);
    expect(note.value(after[0]!)).toBe('old');
    expect(presence).toEqual([
      [1, NULL],
      [UNCHANGED, NULL],
      [UNCHANGED, NULL],
    ]);
  });

  test('text and binary values may stand in one row', () => {
    const { images } = new Feed().batch(row('I', ['N', ['-7', utf8('b'), '2000-01-02']]));
    expect(images.row(0)).toEqual([-7n, 'b', 10958]);
  });
});

describe('values out of range', () => {
  test('become NULL and are counted when asked for', () => {
    const feed = new Feed({ outOfRange: 'null' });
    const { images } = feed.batch(row('I', ['N', [int(8, 1), 'x', INFINITY]]));
    expect(images.row(0)).toEqual([1n, 'x', null]);
    expect(feed.decoder.nulled).toBe(1);
  });

  test('stop otherwise, and what the transaction sent is rolled back', () => {
    const feed = opened().send(row('I', ['N', [int(8, 1), 'x', null]]));
    expect(() => feed.send(row('I', ['N', [int(8, 2), 'y', INFINITY]]))).toThrow(
      expect.objectContaining({
        code: 'postgres/value-out-of-range',
        context: { table: 'public.t', column: 'day' },
      }),
    );
    feed.assembler.rollback();
    expect(feed.assembler.take()).toBeUndefined();
  });
});

describe('a NULL in the key', () => {
  test('stops: the table is no longer what the catalog said', () => {
    expect(() => opened().send(row('I', ['N', [null, 'x', null]]))).toThrow(
      expect.objectContaining({ code: 'postgres/schema-change-unsupported' }),
    );
  });
});

describe('order of messages', () => {
  const insert = row('I', ['N', [int(8, 1), 'x', null]]);

  test('a table that was asked for has to be given before anything else', () => {
    const feed = new Feed().send(begin(16n));
    const more = relation([...COLUMNS, { name: 'more', typeOid: 23 }]);
    expect(feed.decoder.decode(more, 0, more.length)).toMatchObject({ reason: 'changed' });
    expect(() => feed.send(commit(16n, 32n))).toThrow('was asked for');
    feed.decoder.setTable(tableOf([...COLUMNS, { name: 'more', typeOid: 23 }]));
    feed.send(row('I', ['N', [int(8, 1), 'x', null, '9']]), commit(16n, 32n));
    expect(feed.assembler.take()!.batches[0]!.images.row(0)).toEqual([1n, 'x', null, 9]);
  });

  test('a batch is asked for anew after the assembler gave the last one away', () => {
    const feed = new Feed();
    expect(feed.batch(insert).length).toBe(1);
    feed.send(begin(48n), insert, insert, commit(48n, 64n));
    const group = feed.assembler.take()!;
    expect(group.batches[0]!.length).toBe(2);
    expect(group.end).toEqual({ kind: 'postgres', lsn: 64n });
  });

  const wrong: readonly [string, readonly Bytes[], string][] = [
    ['a row outside a transaction', [insert], 'outside BEGIN'],
    ['a row before its RELATION', [begin(1n), insert], 'before its RELATION'],
    ['BEGIN in a transaction', [begin(1n), begin(2n)], 'open already'],
    ['COMMIT without BEGIN', [commit(1n, 2n)], 'no transaction'],
    ['COMMIT of another transaction', [begin(1n), commit(2n, 3n)], 'LSN that BEGIN had'],
    ['TRUNCATE without BEGIN', [concat(utf8('T'), int(4, 0), [0])], 'no transaction'],
    [
      'TRUNCATE of an unknown table',
      [begin(1n), concat(utf8('T'), int(4, 1), [0], int(4, 9))],
      'before its RELATION',
    ],
    ['a streamed transaction', [concat(utf8('S'), int(4, 1), [1])], 'type 83'],
    ['nothing', [new Uint8Array(0)], 'type missing'],
  ];

  test.each(wrong)('%s is refused', (_, messages, reason) => {
    expect(() => new Feed().send(...messages)).toThrow(
      expect.objectContaining({
        code: 'postgres/malformed-message',
        message: expect.stringContaining(reason),
      }),
    );
  });

  test('TYPE messages say nothing new', () => {
    const type = concat(utf8('Y'), int(4, 99), utf8('public\0mood\0'));
    expect(new Feed().decoder.decode(type, 0, type.length)).toBeUndefined();
  });
});

describe('hostile bytes', () => {
  const wrong: readonly [string, Bytes, string, number][] = [
    ['too short', utf8('I\0\0') as Bytes, 'too short', 0],
    ['other columns', row('I', ['N', [int(8, 1)]]), 'other columns', 5],
    ['no new row', row('I', ['O', [int(8, 1), 'x', null]]), 'no new row', 5],
    ['a DELETE without old row', row('D', ['N', [int(8, 1), 'x', null]]), 'without its old row', 5],
    ['a long value', concat(row('I', ['N', [int(8, 1), 'x', null]]).subarray(0, -3)), 'longer', 22],
    [
      'an unchanged value in an INSERT',
      row('I', ['N', [int(8, 1), unchanged, null]]),
      'unchanged',
      22,
    ],
    [
      'an unknown kind',
      concat(row('I', ['N', [int(8, 1), 'x', null]]).subarray(0, -1), [120]),
      'unknown kind',
      28,
    ],
    ['bytes left over', concat(row('I', ['N', [int(8, 1), 'x', null]]), [0]), 'left over', 28],
    ['a value of another length', row('I', ['N', [int(4, 1), 'x', null]]), 'expected 8 bytes', 13],
  ];

  test.each(wrong)('%s is refused with kind and offset', (_, message, reason, offset) => {
    const name = message[0] === 68 ? 'DELETE' : 'INSERT';
    expect(() => opened().send(message)).toThrow(
      expect.objectContaining({
        code: 'postgres/malformed-message',
        message: expect.stringContaining(reason),
        context: { message: name, offset },
      }),
    );
  });

  test('a binary value of a type that is read as text is refused', () => {
    const columns = [
      { name: 'id', typeOid: 20, isKey: true },
      { name: 'v', typeOid: 3614 },
    ];
    const feed = new Feed({}, columns).send(begin(1n), relation(columns));
    expect(() => feed.send(row('I', ['N', [int(8, 1), utf8('x')]]))).toThrow('read as text');
    expect(() => feed.send(row('I', ['N', [int(8, 1), 'x']]))).not.toThrow();
  });

  test('whatever is changed in a message, only errors of our own come of it', () => {
    const messages = [
      begin(16n),
      relation(COLUMNS),
      row('I', ['N', [int(8, 1), 'x', int(4, 5)]]),
      row('U', ['O', [int(8, 1), 'x', null]], ['N', [int(8, 2), unchanged, '2020-01-01']]),
      row('D', ['K', [int(8, 1), null, null]]),
      concat(utf8('T'), int(4, 1), [0], int(4, 4711)),
      concat(utf8('M'), [0], int(8, 1), utf8('p\0'), int(4, 2), utf8('ab')),
      concat(utf8('O'), int(8, 1), utf8('far\0')),
      commit(16n, 32n),
    ];
    const change = fc.record({
      message: fc.nat(messages.length - 1),
      at: fc.nat(80),
      byte: fc.nat(255),
      cut: fc.option(fc.nat(80)),
    });
    fc.assert(
      fc.property(change, ({ message, at, byte, cut }) => {
        const changed = messages.map((original, i) => {
          if (i !== message) return original;
          const copy = original.slice(0, cut ?? original.length);
          if (copy.length > 0) copy[at % copy.length] = byte;
          return copy;
        });
        try {
          const feed = new Feed();
          for (const bytes of changed) {
            if (feed.decoder.decode(bytes, 0, bytes.length)) return true;
          }
          return true;
        } catch (error) {
          return isCdcError(error);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
