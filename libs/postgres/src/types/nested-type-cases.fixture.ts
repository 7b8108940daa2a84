import fc from 'fast-check';
import type { TypeCase } from './type-case.fixture.ts';
import {
  arrayOf,
  day,
  decimal,
  hex,
  integer,
  ipv6,
  json,
  quote,
  text,
  timestamp,
} from './type-values.fixture.ts';

const ELEMENTS = `coalesce((
  select json_agg(case when e is not null then format('%s', e) end order by i)
  from unnest(v) with ordinality u(e, i)), '[]')`;

export const nestedTypes: readonly TypeCase[] = [
  ...(
    [
      ['bigint', 'int64', integer(64)],
      ['boolean', 'boolean', fc.boolean().map(String)],
      ['text', 'string', text(8)],
      ['numeric(12, 3)', 'decimal(12, 3)', decimal(12, 3)],
      ['date', 'date', day],
      ['timestamptz', 'timestamp with time zone', timestamp.map((value) => `${value}Z`)],
      ['uuid', 'uuid', fc.uuid()],
      ['bytea', 'binary', hex(3).map((digits) => `\\x${digits}`)],
      ['jsonb', 'json', json],
      ['mood', 'string', fc.constantFrom('sad', 'very "happy", {indeed}')],
      ['inet', 'string', ipv6],
    ] as const
  ).map(
    ([type, field, values]): TypeCase => ({
      type: `${type}[]`,
      field: `list<${field}>`,
      values: arrayOf(values),
      edges: ['{}', '{NULL}', '{NULL,NULL}'],
      parts: ELEMENTS,
    }),
  ),
  {
    type: 'integer[]',
    field: 'list<int32>',
    values: arrayOf(integer(32)),
    edges: ['{}', '{{1,2},{3,4}}', '[0:1]={1,2}', '[5:5]={1}', '[1:1]={7}', '{{{1}}}'],
    parts: `case when array_ndims(v) > 1 or array_lower(v, 1) <> 1 then '"infinity"'::json
      else ${ELEMENTS} end`,
  },
  {
    type: 'int4range[]',
    field: 'list<string>',
    values: arrayOf(fc.constantFrom('[1,5)', 'empty')),
    edges: ['{}'],
    parts: ELEMENTS,
    textOnly: true,
  },
  {
    type: 'box[]',
    field: 'list<string>',
    values: arrayOf(fc.constantFrom('(1,1),(0,0)'), ';'),
    edges: ['{}'],
    parts: ELEMENTS,
    textOnly: true,
  },
  {
    type: 'price',
    field: 'decimal(14, 4)',
    values: decimal(14, 4),
    edges: ['NaN', '0'],
    setup: `create domain price_base as numeric(14, 4); create domain price as price_base`,
  },
  {
    type: 'prices',
    field: 'list<decimal(14, 4)>',
    values: arrayOf(decimal(14, 4)),
    edges: ['{NaN,1}'],
    setup: 'create domain prices as price[]',
    parts: ELEMENTS,
  },
  {
    type: 'address',
    field:
      'struct<street: string, number: int32, tags: list<string>, price: decimal(14, 4), since: date>',
    values: fc
      .tuple(
        fc.option(text(8)),
        fc.option(integer(32)),
        fc.option(arrayOf(text(4))),
        fc.option(decimal(14, 4)),
        fc.option(day),
      )
      .map((parts) => `(${parts.map((part) => (part === null ? '' : quote(part))).join(',')})`),
    edges: ['(,,,,)', '("",0,"{}",NaN,infinity)', '("a ""b"" \\\\ (c), {d}",1,"{NULL,""x y""}",,)'],
    setup: `create type address as (street text, gone int, number int, tags text[], price price,
      since date); alter type address drop attribute gone`,
    parts: `json_build_object('street', (v).street, 'number', (v).number::text,
      'tags', case when (v).tags is not null then coalesce(
        (select json_agg(e order by i) from unnest((v).tags) with ordinality u(e, i)), '[]') end,
      'price', (v).price::text, 'since', (v).since::text)`,
  },
  {
    type: 'address[]',
    field:
      'list<struct<street: string, number: int32, tags: list<string>, price: decimal(14, 4), since: date>>',
    values: arrayOf(
      fc
        .tuple(text(4), integer(8), arrayOf(text(3)))
        .map((parts) => `(${[...parts.map(quote), '', ''].join(',')})`),
    ),
    edges: ['{}', '{NULL}'],
    parts: `coalesce((select json_agg(case when a.street is not null or a.number is not null then
      json_build_object('street', a.street, 'number', a.number::text, 'tags', coalesce(
        (select json_agg(e order by i) from unnest(a.tags) with ordinality u(e, i)), '[]'))
      end order by a.ordinality) from unnest(v) with ordinality a), '[]')`,
  },
];
