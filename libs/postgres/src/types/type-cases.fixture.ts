import fc from 'fast-check';
import { nestedTypes } from './nested-type-cases.fixture.ts';
import type { TypeCase } from './type-case.fixture.ts';
import {
  bits,
  clock,
  day,
  decimal,
  digits,
  hex,
  hexWord,
  integer,
  ipv4,
  ipv6,
  json,
  micros,
  quote,
  text,
  timestamp,
  unsigned,
  zone,
} from './type-values.fixture.ts';

const timestampEdges = [
  '0001-01-01 00:00:00',
  '9999-12-31 23:59:59.999999',
  '1970-01-01 00:00:00',
  '1969-12-31 23:59:59.999999',
  '2000-01-01 00:00:00',
  '1999-12-31 23:59:59.999999',
  '2024-02-29 12:00:00.5',
  '0001-12-31 23:59:59 BC',
  '4713-01-01 00:00:00 BC',
  '10000-01-01 00:00:00',
  '294276-12-31 23:59:59.999999',
  'infinity',
  '-infinity',
];

const scalars: readonly TypeCase[] = [
  { type: 'boolean', field: 'boolean', values: fc.boolean().map(String), edges: ['t', 'f'] },
  { type: 'smallint', field: 'int16', values: integer(16), edges: ['-32768', '32767', '0'] },
  { type: 'integer', field: 'int32', values: integer(32), edges: ['-2147483648', '2147483647'] },
  {
    type: 'bigint',
    field: 'int64',
    values: integer(64),
    edges: [
      '-9223372036854775808',
      '9223372036854775807',
      '-1',
      '4294967296',
      '-4294967296',
      '999999999999999',
      '1000000000000000',
      '-999999999999999',
    ],
  },
  { type: 'oid', field: 'int64', values: unsigned(32), edges: ['0', '4294967295', '2147483648'] },
  { type: 'xid', field: 'int64', values: unsigned(32), edges: ['0', '4294967295'] },
  {
    type: 'real',
    field: 'float32',
    values: fc.float().map((x) => (Object.is(x, -0) ? '-0' : String(x))),
    edges: ['NaN', 'Infinity', '-Infinity', '-0', '0.1', '3.4028235e38', '1e-45', '1.17549435e-38'],
  },
  {
    type: 'double precision',
    field: 'float64',
    values: fc.double().map((x) => (Object.is(x, -0) ? '-0' : String(x))),
    edges: ['NaN', 'Infinity', '-Infinity', '-0', '0.1', '1.7976931348623157e308', '5e-324'],
  },
  {
    type: 'money',
    field: 'decimal(19, 2)',
    values: integer(64).map((cents) => {
      const digits = cents.replace('-', '').padStart(3, '0');
      const sign = cents.startsWith('-') ? '-' : '';
      return `${sign}${digits.slice(0, -2)}.${digits.slice(-2)}`;
    }),
    edges: ['-92233720368547758.08', '92233720368547758.07', '0.00', '-0.01', '1234567.89'],
  },
];

const numerics: readonly TypeCase[] = [
  ...(
    [
      [4, 0],
      [9, 2],
      [9, 9],
      [10, 4],
      [12, 2],
      [15, 3],
      [16, 5],
      [18, 0],
      [18, 7],
      [18, 18],
      [19, 6],
      [28, 10],
      [38, 0],
      [38, 17],
      [38, 38],
    ] as const
  ).map(
    ([precision, scale]): TypeCase => ({
      type: `numeric(${precision}, ${scale})`,
      field: `decimal(${precision}, ${scale})`,
      values: decimal(precision, scale),
      edges: [
        'NaN',
        '0',
        `1e${-scale}`,
        `-1e${-scale}`,
        `${'9'.repeat(precision)}e${-scale}`,
        `-${'9'.repeat(precision)}e${-scale}`,
        `1${'0'.repeat(precision - 1)}e${-scale}`,
      ],
    }),
  ),
  {
    type: 'numeric(5, -3)',
    field: 'decimal(8, 0)',
    values: decimal(5, -3),
    edges: ['99999000', '-1000', '0', 'NaN'],
    since: 150000,
  },
  {
    type: 'numeric(3, 6)',
    field: 'decimal(6, 6)',
    values: decimal(3, 6),
    edges: ['0.000999', '-0.000001', '0'],
    since: 150000,
  },
  {
    type: 'numeric(39, 2)',
    field: 'string',
    values: decimal(39, 2),
    edges: [`${'9'.repeat(39)}e-2`, 'NaN', '0', '-1.5'],
  },
  {
    type: 'numeric',
    field: 'string',
    values: fc.oneof(
      fc.tuple(digits(40), fc.integer({ min: -30, max: 30 })).map(([d, e]) => `${d}e${e}`),
      fc.tuple(digits(9), fc.integer({ min: -5, max: 5 })).map(([d, e]) => `${d}e${e}`),
    ),
    edges: ['NaN', 'Infinity', '-Infinity', '0', '0.000', '1e1000', '1e-1000', '-12.3400', '10000'],
  },
];

const texts: readonly TypeCase[] = [
  {
    type: 'text',
    field: 'string',
    values: text(40),
    edges: ['', 'NULL', 'x'.repeat(100_000), '\u{1F600}', '\u007F\u0080'],
  },
  { type: 'varchar(20)', field: 'string', values: text(4), edges: ['', 'zwanzig Zeichen lang'] },
  { type: 'char(10)', field: 'string', values: fc.string({ maxLength: 10 }), edges: ['', ' a'] },
  {
    type: '"char"',
    field: 'string',
    values: fc.string({ minLength: 1, maxLength: 1 }),
    edges: ['', 'a', '\\101'],
  },
  { type: 'name', field: 'string', values: fc.string({ maxLength: 60 }), edges: ['', 'a b'] },
  {
    type: 'citext',
    field: 'string',
    values: text(20),
    edges: ['MiXed'],
    setup: 'create extension citext schema public',
  },
  {
    type: 'mood',
    field: 'string',
    values: fc.constantFrom('sad', 'ok', 'very "happy", {indeed}'),
    edges: ['sad'],
    setup: `create type mood as enum ('sad', 'ok', 'very "happy", {indeed}')`,
  },
  {
    type: 'xml',
    field: 'string',
    values: fc
      .string({ unit: fc.constantFrom('a', 'ä', ' '), maxLength: 9 })
      .map((t) => `<a>${t}</a>`),
    edges: [
      '<?xml version="1.0" encoding="UTF-8"?><a/>',
      '<?xml version="1.0" standalone="yes"?>\n<a>ü</a>',
      '<?xml version="1.1"?><a/>',
      'no element',
      '',
    ],
  },
  { type: 'json', field: 'json', values: json, edges: [' { "a" :  1, "a": 2 } ', 'null', '"x"'] },
  {
    type: 'jsonb',
    field: 'json',
    values: json,
    edges: ['{"b": 1, "a": 12345678901234567890.5}', 'null', '[]', '""'],
  },
  {
    type: 'uuid',
    field: 'uuid',
    values: fc.uuid(),
    edges: ['00000000-0000-0000-0000-000000000000'],
  },
  {
    type: 'bytea',
    field: 'binary',
    values: fc.uint8Array({ maxLength: 50 }).map((b) => `\\x${Buffer.from(b).toString('hex')}`),
    edges: ['', '\\x00ff', `\\x${'ab'.repeat(70_000)}`],
  },
];

const temporal: readonly TypeCase[] = [
  {
    type: 'date',
    field: 'date',
    values: day,
    edges: [
      ...['0001-01-01', '9999-12-31', '1970-01-01', '1900-02-28', '1900-03-01', '2000-02-29'],
      ...[
        '0001-12-31 BC',
        '4713-01-01 BC',
        '10000-01-01',
        '5874897-12-31',
        'infinity',
        '-infinity',
      ],
    ],
  },
  {
    type: 'time',
    field: 'time',
    values: clock,
    edges: ['00:00:00', '24:00:00', '23:59:59.999999', '00:00:00.000001', '12:34:56.5'],
  },
  { type: 'time(3)', field: 'time', values: clock, edges: ['23:59:59.999'] },
  {
    type: 'timetz',
    field: 'string',
    values: fc.tuple(clock, zone).map(([time, offset]) => time + offset),
    edges: [
      '24:00:00-08',
      '04:05:06.789+05:30',
      '00:00:00+15:59:59',
      '00:00:00-15:59:59',
      '12:00Z',
    ],
  },
  {
    type: 'timestamp',
    field: 'timestamp without time zone',
    values: timestamp,
    edges: timestampEdges,
  },
  { type: 'timestamp(0)', field: 'timestamp without time zone', values: timestamp, edges: [] },
  {
    type: 'timestamptz',
    field: 'timestamp with time zone',
    values: fc
      .tuple(timestamp, fc.constantFrom('Z', '+01', '-05:30'))
      .map((parts) => parts.join('')),
    edges: timestampEdges.map((edge) => edge.replace(/^(\d.*?)( BC)?$/, '$1Z$2')),
  },
  {
    type: 'interval',
    field: 'string',
    values: fc
      .tuple(integer(28), integer(31), integer(31), micros)
      .map(([months, days, s, us]) => `${months} months ${days} days ${s}${us} seconds`),
    edges: [
      '0',
      '1 year 2 months 3 days 04:05:06.789',
      '-1 year -2 months +3 days -00:00:00.000001',
      '1 month -1 microsecond',
      '178000000 years',
      '-2000000000:00:54.775807',
      '2000000000:00:54.775807',
      '59 seconds 60 minutes',
      '-14 months',
    ],
  },
  {
    type: 'interval /* infinite */',
    field: 'string',
    values: fc.constant('infinity'),
    edges: ['-infinity'],
    since: 170000,
  },
];

const others: readonly TypeCase[] = [
  {
    type: 'inet',
    field: 'string',
    values: fc.oneof(
      ipv4,
      ipv6,
      fc.tuple(ipv4, fc.integer({ min: 0, max: 32 })).map((parts) => parts.join('/')),
      fc.tuple(ipv6, fc.integer({ min: 0, max: 128 })).map((parts) => parts.join('/')),
    ),
    edges: [
      ...[
        '::',
        '::1',
        '::2',
        '::/0',
        '0.0.0.0/0',
        '1::',
        '::ffff:1.2.3.4',
        '::1.2.3.4',
        '1:0:0:2::3',
      ],
      ...['::ffff:0:0', '::1:2', '0:0:0:0:0:0:1:0', '1:0:0:1:0:0:0:1', '::ffff:0:1.2.3.4', '0:1::'],
      ...['1:2:3:4:5:6:7:0', '0:2:3:4:5:6:7:8', '1:0:3:4:5:6:7:8', '255.255.255.255'],
    ],
  },
  {
    type: 'cidr',
    field: 'string',
    values: fc.oneof(ipv4, ipv6),
    edges: ['10.0.0.0/8', '0.0.0.0/0', '::/0', '2001:db8::/32', '::ffff:1.2.3.0/120'],
  },
  { type: 'macaddr', field: 'string', values: hex(6), edges: ['08:00:2b:01:02:03'] },
  { type: 'macaddr8', field: 'string', values: hex(8), edges: ['08:00:2b:01:02:03:04:05'] },
  { type: 'bit(11)', field: 'string', values: bits(11, 11), edges: ['00000000000'] },
  { type: 'bit(1)', field: 'string', values: bits(1, 1), edges: ['1'] },
  { type: 'varbit', field: 'string', values: bits(0, 40), edges: ['', '1', '10101010'] },
  {
    type: 'pg_lsn',
    field: 'string',
    values: fc.tuple(hexWord, hexWord).map((halves) => halves.join('/')),
    edges: ['0/0', 'FFFFFFFF/FFFFFFFF', '16/B374D848'],
  },
  { type: 'xid8', field: 'string', values: unsigned(64), edges: ['0', '18446744073709551615'] },
  {
    type: 'tid',
    field: 'string',
    values: fc.constant('(1,2)'),
    edges: ['(0,0)', '(4294967295,65535)'],
  },
  { type: 'cid', field: 'string', values: unsigned(32), edges: ['0', '4294967295'] },
  {
    type: 'ltree',
    field: 'string',
    values: fc.constantFrom('a.b.c', 'Top.Science', ''),
    edges: ['a'],
    setup: 'create extension ltree schema public',
  },
  {
    type: 'hstore',
    field: 'map<string, string>',
    values: fc.dictionary(text(6), fc.option(text(6)), { maxKeys: 4 }).map((map) =>
      Object.entries(map)
        .map(([key, value]) => `${quote(key)}=>${value === null ? 'NULL' : quote(value)}`)
        .join(','),
    ),
    edges: ['', '""=>""', 'a=>NULL', 'a=>"NULL"', '"a\\"b"=>"c\\\\d", "=>"=>", "'],
    setup: 'create extension hstore schema public',
    parts: `hstore_to_json(v)`,
  },
  {
    type: 'tsvector',
    field: 'string',
    values: fc.constantFrom("'a':1 'b':2A", 'x y z', ''),
    edges: ["'it''s':3"],
    textOnly: true,
  },
  {
    type: 'int4range',
    field: 'string',
    values: fc.constantFrom('[1,5)', '(,3]', 'empty'),
    edges: ['(,)'],
    textOnly: true,
  },
  {
    type: 'point',
    field: 'string',
    values: fc.constantFrom('(1,2)', '(1.5,-2)'),
    edges: ['(0,0)'],
    textOnly: true,
  },
  {
    type: 'regclass',
    field: 'string',
    values: fc.constant('pg_class'),
    edges: ['pg_type'],
    textOnly: true,
  },
];

/** Every type that has a codec, and some that have not. */
export const typeCases: readonly TypeCase[] = [
  ...scalars,
  ...numerics,
  ...texts,
  ...temporal,
  ...others,
  ...nestedTypes,
];
