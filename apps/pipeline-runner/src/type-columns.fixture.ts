import {
  BIG,
  DATE,
  DECIMAL,
  FLOAT,
  HEX,
  TEXT,
  TIME,
  TIMESTAMP,
  TIMESTAMPTZ,
  arrayJson,
} from './canonical-json.fixture.ts';
import { nestedColumns } from './nested-type-columns.fixture.ts';
import type { TypeColumn } from './type-column.fixture.ts';
import {
  below,
  day,
  decimal,
  digits,
  hex,
  integer,
  json,
  sign,
  text,
  time,
} from './type-values.fixture.ts';

const TIMESTAMPS = [
  '0001-01-01 00:00:00',
  '9999-12-31 23:59:59.999999',
  '1970-01-01 00:00:00',
  '1969-12-31 23:59:59.999999',
  '1582-10-04 23:59:59.999999',
  '1582-10-15 00:00:00',
  '1999-12-31 23:59:59.000001',
  '2024-02-29 12:00:00.5',
  '0001-12-31 23:59:59 BC',
  '10000-01-01 00:00:00',
  'infinity',
  '-infinity',
];

const numeric = (precision: number, scale: number): TypeColumn => ({
  name: `numeric_${precision}_${scale}`,
  type: `numeric(${precision}, ${scale})`,
  edges: [
    ...['NaN', '0', `1e${-scale}`, `-1e${-scale}`],
    `${'9'.repeat(precision)}e${-scale}`,
    `-${'9'.repeat(precision)}e${-scale}`,
  ],
  random: decimal(precision, scale),
  json: DECIMAL,
});

const numbers: readonly TypeColumn[] = [
  { name: 'flag', type: 'boolean', edges: ['t', 'f'], json: 'to_json($)' },
  {
    name: 'int2',
    type: 'smallint',
    edges: ['-32768', '32767', '0', '-1'],
    random: integer(16),
    json: 'to_json($)',
  },
  {
    name: 'int4',
    type: 'integer',
    edges: ['-2147483648', '2147483647', '0', '-1'],
    random: integer(32),
    json: 'to_json($)',
  },
  {
    name: 'int8',
    type: 'bigint',
    edges: [
      ...['-9223372036854775808', '9223372036854775807', '-1', '4294967296', '-4294967296'],
      ...['9007199254740991', '-9007199254740991', '9007199254740992', '-9007199254740992'],
    ],
    random: integer(64),
    json: BIG,
  },
  {
    name: 'oid',
    type: 'oid',
    edges: ['0', '4294967295', '2147483648'],
    json: 'to_json($::bigint)',
  },
  { name: 'xid', type: 'xid', edges: ['0', '4294967295'], json: 'to_json($::text::bigint)' },
  {
    name: 'float4',
    type: 'real',
    edges: [
      'NaN',
      'Infinity',
      '-Infinity',
      '-0',
      '0',
      '0.1',
      '3.4028235e38',
      '1e-45',
      '1.17549435e-38',
      '16777217',
      '20529.5625',
      '-20529.6875',
    ],
    random: (random) => String(Math.fround((random() - 0.5) * 10 ** (below(random, 70) - 35))),
    json: FLOAT,
  },
  {
    name: 'float8',
    type: 'double precision',
    edges: [
      'NaN',
      'Infinity',
      '-Infinity',
      '-0',
      '0',
      '0.1',
      '1.7976931348623157e308',
      '5e-324',
      '1e21',
      '1e-7',
    ],
    random: (random) => String((random() - 0.5) * 10 ** (below(random, 600) - 300)),
    json: FLOAT,
  },
  {
    name: 'money',
    type: 'money',
    edges: ['-92233720368547758.08', '92233720368547758.07', '0.00', '-0.01', '1234567.89'],
    json: 'to_json($::numeric(19, 2)::text)',
  },
  ...(
    [
      [1, 0],
      [4, 0],
      [9, 2],
      [9, 9],
      [10, 4],
      [18, 0],
      [18, 7],
      [19, 6],
      [28, 10],
      [38, 0],
      [38, 17],
      [38, 38],
    ] as const
  ).map(([precision, scale]) => numeric(precision, scale)),
  {
    name: 'numeric_negative_scale',
    type: 'numeric(5, -3)',
    edges: ['99999000', '-1000', '0', 'NaN'],
    json: DECIMAL,
    since: 150000,
  },
  {
    name: 'numeric_small',
    type: 'numeric(3, 6)',
    edges: ['0.000999', '-0.000001', '0'],
    json: DECIMAL,
    since: 150000,
  },
  {
    name: 'numeric_wide',
    type: 'numeric(39, 2)',
    edges: [`${'9'.repeat(39)}e-2`, 'NaN', '0', '-1.5'],
    random: decimal(39, 2),
  },
  {
    name: 'numeric_free',
    type: 'numeric',
    edges: ['NaN', '0', '0.000', '1e1000', '1e-1000', '-12.3400', '10000'],
    random: (random) => `${sign(random)}${digits(random, 40)}e${below(random, 60) - 30}`,
  },
  {
    name: 'numeric_infinite',
    type: 'numeric',
    edges: ['Infinity', '-Infinity'],
  },
];

const texts: readonly TypeColumn[] = [
  {
    name: 'text',
    type: 'text',
    edges: [
      '',
      'NULL',
      'x'.repeat(20_000),
      '\u{1F600}',
      '\u007F\u0080',
      'a\u0301',
      '\uFEFFmarked',
      '\u{10FFFF}'.repeat(50),
      '\uFFFF',
      'tab\tline\r\n"\\/',
    ],
    random: text,
  },
  { name: 'varchar', type: 'varchar(20)', edges: ['', 'zwanzig Zeichen lang'], random: text },
  { name: 'char', type: 'char(10)', edges: ['', ' a', 'ten bytes!'] },
  { name: 'one_byte', type: '"char"', edges: ['a', ''] },
  { name: 'name', type: 'name', edges: ['', 'a b', 'n'.repeat(63)] },
  { name: 'mood', type: 'mood', edges: ['sad', 'ok', 'very "happy", {indeed}'] },
  {
    name: 'price',
    type: 'price',
    edges: ['NaN', '0', '-12.3456'],
    random: decimal(14, 4),
    json: DECIMAL,
  },
  {
    name: 'xml',
    type: 'xml',
    edges: ['<a>ü</a>', 'no element', '', '<?xml version="1.0" standalone="yes"?>\n<a/>'],
  },
  {
    name: 'json',
    type: 'json',
    edges: [' { "a" :  1, "a": 2 } ', 'null', '"x"', '[]', '1e400'],
    random: json,
  },
  {
    name: 'jsonb',
    type: 'jsonb',
    edges: ['{"b": 1, "a": 12345678901234567890.5}', 'null', '[]', '""'],
    random: json,
  },
  {
    name: 'uuid',
    type: 'uuid',
    edges: ['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'],
    random: (random) => hex(random, 16),
  },
  {
    name: 'bytea',
    type: 'bytea',
    edges: ['', '\\x00', '\\x00ff', `\\x${'ab'.repeat(20_000)}`],
    random: (random) => `\\x${hex(random, below(random, 40))}`,
    json: HEX,
  },
  { name: 'bit', type: 'bit(11)', edges: ['00000000000', '11111111111'] },
  { name: 'varbit', type: 'varbit', edges: ['', '1', '10101010', '101010101'] },
  {
    name: 'inet',
    type: 'inet',
    edges: [
      '::',
      '::1',
      '0.0.0.0/0',
      '::ffff:1.2.3.4',
      '10.1.2.3/8',
      '255.255.255.255',
      '1:0:0:2::3',
    ],
  },
  { name: 'cidr', type: 'cidr', edges: ['10.0.0.0/8', '0.0.0.0/0', '::/0', '2001:db8::/32'] },
  { name: 'macaddr', type: 'macaddr', edges: ['08:00:2b:01:02:03', 'ff:ff:ff:ff:ff:ff'] },
  { name: 'macaddr8', type: 'macaddr8', edges: ['08:00:2b:01:02:03:04:05'] },
  { name: 'pg_lsn', type: 'pg_lsn', edges: ['0/0', 'FFFFFFFF/FFFFFFFF', '16/B374D848'] },
  { name: 'xid8', type: 'xid8', edges: ['0', '18446744073709551615'] },
  { name: 'tid', type: 'tid', edges: ['(0,0)', '(4294967295,65535)'] },
];

const temporal: readonly TypeColumn[] = [
  {
    name: 'date',
    type: 'date',
    edges: [
      ...['0001-01-01', '9999-12-31', '1970-01-01', '1969-12-31', '1582-10-04', '1582-10-15'],
      ...['1900-02-28', '2000-02-29', '0001-12-31 BC', '10000-01-01', 'infinity', '-infinity'],
    ],
    random: day,
    json: DATE,
    notForChdb: 'dates before 1900 and after 2299 are refused',
  },
  { name: 'late_date', type: 'date', edges: ['1900-01-01', '2299-12-31'], json: DATE },
  {
    name: 'time',
    type: 'time',
    edges: ['00:00:00', '24:00:00', '23:59:59.999999', '00:00:00.000001'],
    random: time,
    json: TIME,
  },
  { name: 'time_3', type: 'time(3)', edges: ['23:59:59.999'], random: time, json: TIME },
  {
    name: 'timetz',
    type: 'timetz',
    edges: ['24:00:00-08', '04:05:06.789+05:30', '00:00:00+15:59:59', '12:00Z'],
  },
  {
    name: 'timestamp',
    type: 'timestamp',
    edges: TIMESTAMPS,
    random: (random) => `${day(random)} ${time(random)}`,
    json: TIMESTAMP.replaceAll("Z'", "'"),
  },
  {
    name: 'timestamp_0',
    type: 'timestamp(0)',
    edges: ['2024-02-29 12:00:00'],
    json: TIMESTAMP.replaceAll("Z'", "'"),
  },
  {
    name: 'timestamptz',
    type: 'timestamptz',
    edges: TIMESTAMPS.map((edge) => edge.replace(/^(\d.*?)( BC)?$/, '$1Z$2')),
    random: (random) => `${day(random)} ${time(random)}Z`,
    json: TIMESTAMPTZ,
  },
  {
    name: 'interval',
    type: 'interval',
    edges: [
      ...['0', '1 year 2 months 3 days 04:05:06.789', '-1 year -2 months +3 days -00:00:00.000001'],
      ...['1 month -1 microsecond', '178000000 years', '-14 months'],
    ],
  },
];

const extensions: readonly TypeColumn[] = [
  { name: 'citext', type: 'citext', edges: ['MiXed', ''], random: text },
  { name: 'ltree', type: 'ltree', edges: ['a.b.c', 'Top.Science', ''] },
  {
    name: 'hstore',
    type: 'hstore',
    edges: ['', '""=>""', 'a=>NULL', 'a=>"NULL",b=>"1"', '"a\\"b"=>"c\\\\d", "=>"=>", "'],
    json: `(select coalesce(json_agg(json_build_array(key, value)
      order by to_json(key)::text collate "C"), '[]') from each($))`,
    notForChdb: 'a NULL map is read as empty',
  },
];

const textOnly: readonly TypeColumn[] = [
  { name: 'int4range', type: 'int4range', edges: ['[1,5)', '(,3]', 'empty', '(,)'] },
  { name: 'int8range', type: 'int8range', edges: ['[1,9223372036854775807)', 'empty'] },
  { name: 'numrange', type: 'numrange', edges: ['[1.5,2.50]', '(,)'] },
  { name: 'tsrange', type: 'tsrange', edges: ['["2020-01-01 00:00:00","2020-01-02 00:00:00.5")'] },
  { name: 'tstzrange', type: 'tstzrange', edges: ['["2020-01-01 00:00:00+01",infinity]'] },
  { name: 'daterange', type: 'daterange', edges: ['[2020-01-01,2020-02-01]', 'empty'] },
  { name: 'multirange', type: 'int4multirange', edges: ['{[1,5),[7,9)}', '{}'] },
  { name: 'ranges', type: 'int4range[]', edges: ['{}', '{NULL,"[1,5)"}'], json: arrayJson(TEXT) },
  { name: 'tsvector', type: 'tsvector', edges: ["'a':1 'b':2A", 'x y z', ''] },
  { name: 'tsquery', type: 'tsquery', edges: ['a & b', ''] },
  { name: 'point', type: 'point', edges: ['(1.5,-2)', '(0,0)'] },
  { name: 'box', type: 'box', edges: ['(1,1),(0,0)'] },
  { name: 'boxes', type: 'box[]', edges: ['{}', '{(1,1),(0,0);NULL}'], json: arrayJson(TEXT) },
  { name: 'polygon', type: 'polygon', edges: ['((0,0),(1,1),(2,0))'] },
  { name: 'circle', type: 'circle', edges: ['<(1,2),3>'] },
  { name: 'int4', type: 'integer', edges: ['-2147483648', '2147483647'], json: 'to_json($)' },
  {
    name: 'timestamptz',
    type: 'timestamptz',
    edges: TIMESTAMPS.slice(0, 8).map((edge) => `${edge}Z`),
    json: TIMESTAMPTZ,
  },
  { name: 'bytea', type: 'bytea', edges: ['', '\\x00ff'], json: HEX },
  { name: 'float8', type: 'double precision', edges: ['NaN', '-0', '0.1', '5e-324'], json: FLOAT },
  {
    name: 'numeric',
    type: 'numeric(38, 17)',
    edges: ['NaN', '-0.00000000000000001'],
    json: DECIMAL,
  },
];

export interface TypeTable {
  readonly name: string;
  readonly columns: readonly TypeColumn[];
}

/** Types whose binary form is known, so that their stream is binary. */
export const binaryTables: readonly TypeTable[] = [
  { name: 'numbers', columns: numbers },
  { name: 'texts', columns: texts },
  { name: 'temporal', columns: temporal },
  { name: 'nested', columns: nestedColumns },
  { name: 'extensions', columns: extensions },
];

/** Types that come as text, which makes a stream text for its other types too. */
export const textTables: readonly TypeTable[] = [{ name: 'text_only', columns: textOnly }];

export const TYPE_SETUP = `
  create extension citext; create extension ltree; create extension hstore;
  create type mood as enum ('sad', 'ok', 'very "happy", {indeed}');
  create domain price_base as numeric(14, 4);
  create domain price as price_base;
  create domain prices as price[];
  create type place as (street text, gone int, number int, price price);
  alter type place drop attribute gone;
  create type address as (place place, tags text[], since date);`;

/** The value of a column as canonical JSON, in SQL. */
export function columnJson({ name, json = TEXT }: TypeColumn): string {
  const value = json.replaceAll('$', `t."${name}"`);
  return `case when t."${name}" is distinct from null then (${value}) end as "${name}"`;
}
