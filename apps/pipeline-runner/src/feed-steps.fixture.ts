/** A table of the history, and what its rows look like as canonical JSON in SQL (alias `t`). */
export interface FeedTable {
  readonly name: string;
  readonly key: string;
  readonly json: string;
}

export interface FeedStep {
  readonly name: string;
  /** The only table that changes. */
  readonly table: string;
  /** Each with its statements. All of them come in one version. */
  readonly transactions: readonly (readonly string[])[];
  /** `type key label` of every row of the change feed; none at all means no version. */
  readonly feed: readonly string[];
}

const wholeRow = `(select row_to_json(x) from (select t.id, t.label, t.number, t.amount::text, t.note,
  to_char(t.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at) x)::text`;
/** `extra` is looked up by name, because it is not there at first. */
const grownRow = `(select row_to_json(x) from (select t.id, t.label,
  to_jsonb(t) -> 'extra' as extra) x)::text`;

export const feedTables: readonly FeedTable[] = [
  { name: 'whole', key: 'id', json: wholeRow },
  { name: 'keyed', key: 'id', json: wholeRow },
  {
    name: 'emptied',
    key: 'code',
    json: `json_build_object('code', t.code, 'label', t.label)::text`,
  },
  { name: 'grown', key: 'id', json: grownRow },
];

export const FEED_SETUP = `
  create table whole (id int primary key, label text, number bigint, amount numeric(12, 2),
    note text, at timestamptz);
  alter table whole replica identity full;
  create table keyed (like whole including all);
  alter table keyed alter note set storage external;
  create table emptied (code text primary key, label text);
  create table grown (id int primary key, label text);
  insert into whole select i, 'w' || i, i * 10000000000, i / 7.0, 'note', '2024-01-01Z'
    from generate_series(1, 30) i;
  insert into keyed select i, 'k' || i, i, i, repeat('x', 3000 + i), '2024-01-01Z'
    from generate_series(1, 30) i;
  insert into emptied select 'c' || i, 'e' || i from generate_series(1, 5) i;
  insert into grown select i, 'g' || i from generate_series(1, 3) i`;

const pair = (key: number | string, before: string, after: string): string[] => [
  `update_preimage ${key} ${before}`,
  `update_postimage ${key} ${after}`,
];

export const feedSteps: readonly FeedStep[] = [
  {
    name: 'inserts',
    table: 'whole',
    transactions: [["insert into whole (id, label) values (101, 'new'), (102, 'new')"]],
    feed: ['insert 101 new', 'insert 102 new'],
  },
  {
    name: 'an update with the whole old row',
    table: 'whole',
    transactions: [["update whole set label = 'u1' where id in (1, 101)"]],
    feed: [...pair(1, 'w1', 'u1'), ...pair(101, 'new', 'u1')],
  },
  {
    name: 'an update without the old row, its large value untouched',
    table: 'keyed',
    transactions: [["update keyed set label = 'u1' where id in (1, 2)"]],
    feed: [...pair(1, 'k1', 'u1'), ...pair(2, 'k2', 'u1')],
  },
  {
    name: 'an update of a row that a deletion vector has moved already',
    table: 'keyed',
    transactions: [["update keyed set label = 'u2', note = repeat('y', 5000) where id = 1"]],
    feed: pair(1, 'u1', 'u2'),
  },
  {
    name: 'deletes, with and without the old row',
    table: 'keyed',
    transactions: [['delete from keyed where id between 3 and 5']],
    feed: ['delete 3 k3', 'delete 4 k4', 'delete 5 k5'],
  },
  {
    name: 'a key that changes, its large value untouched',
    table: 'keyed',
    transactions: [['update keyed set id = 206 where id = 6']],
    feed: ['delete 6 k6', 'insert 206 k6'],
  },
  {
    name: 'a key that changes and the old key given to another row',
    table: 'whole',
    transactions: [
      [
        'update whole set id = 207 where id = 7',
        "insert into whole (id, label) values (7, 'again')",
      ],
    ],
    feed: [...pair(7, 'w7', 'again'), 'insert 207 w7'],
  },
  {
    name: 'two keys that are exchanged',
    table: 'whole',
    transactions: [
      [
        'update whole set id = 999 where id = 8',
        'update whole set id = 8 where id = 9',
        'update whole set id = 9 where id = 999',
      ],
    ],
    feed: [...pair(8, 'w8', 'w9'), ...pair(9, 'w9', 'w8')],
  },
  {
    name: 'delete and insert in one transaction',
    table: 'keyed',
    transactions: [
      ['delete from keyed where id = 10', "insert into keyed (id, label) values (10, 'anew')"],
    ],
    feed: pair(10, 'k10', 'anew'),
  },
  {
    name: 'insert and delete in one transaction, which nobody sees',
    table: 'whole',
    transactions: [
      ["insert into whole (id, label) values (300, 'gone')", 'delete from whole where id = 300'],
    ],
    feed: [],
  },
  {
    name: 'updates of the same rows over several commits',
    table: 'keyed',
    transactions: [
      ["update keyed set label = 'a' where id = 11"],
      [
        "update keyed set label = 'b' where id = 11",
        "insert into keyed (id, label) values (301, 'a')",
      ],
      ["update keyed set label = 'c' where id in (11, 301)"],
      ['delete from keyed where id = 12', "update keyed set note = 'small' where id = 11"],
    ],
    feed: [...pair(11, 'k11', 'c'), 'insert 301 c', 'delete 12 k12'],
  },
  {
    name: 'an update that changes nothing',
    table: 'whole',
    transactions: [['update whole set label = label where id = 13']],
    feed: pair(13, 'w13', 'w13'),
  },
  {
    name: 'savepoints that are rolled back',
    table: 'whole',
    transactions: [
      [
        "update whole set label = 'kept' where id = 14",
        'savepoint s',
        'delete from whole',
        'rollback to savepoint s',
      ],
    ],
    feed: pair(14, 'w14', 'kept'),
  },
  {
    name: 'a truncate',
    table: 'emptied',
    transactions: [['truncate emptied']],
    feed: [1, 2, 3, 4, 5].map((i) => `delete c${i} e${i}`),
  },
  {
    name: 'rows after a truncate',
    table: 'emptied',
    transactions: [["insert into emptied values ('c1', 'back'), ('c9', 'new')"]],
    feed: ['insert c1 back', 'insert c9 new'],
  },
  {
    name: 'insert, truncate and insert in one transaction',
    table: 'emptied',
    transactions: [
      [
        "insert into emptied values ('c5', 'lost')",
        'truncate emptied',
        "insert into emptied values ('c9', 'kept')",
      ],
    ],
    feed: ['delete c1 back', ...pair('c9', 'new', 'kept')],
  },
  {
    name: 'an added column',
    table: 'grown',
    transactions: [
      ['alter table grown add column extra int'],
      ["insert into grown values (4, 'g4', 44)", 'update grown set extra = 11 where id = 1'],
    ],
    feed: ['insert 4 g4', ...pair(1, 'g1', 'g1')],
  },
  {
    name: 'an update of a row that is older than the column',
    table: 'grown',
    transactions: [["update grown set label = 'later' where id = 2"]],
    feed: pair(2, 'g2', 'later'),
  },
  {
    name: 'the deletion of all rows of every file',
    table: 'whole',
    transactions: [['delete from whole where id not in (1, 2)', "update whole set label = 'z'"]],
    feed: [
      ...pair(1, 'u1', 'z'),
      ...pair(2, 'w2', 'z'),
      ...['delete 101 u1', 'delete 102 new', 'delete 7 again', 'delete 207 w7'],
      ...['delete 8 w9', 'delete 9 w8', 'delete 14 kept'],
      ...range(3, 30)
        .filter((i) => ![7, 8, 9, 14].includes(i))
        .map((i) => `delete ${i} w${i}`),
    ],
  },
];

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}
