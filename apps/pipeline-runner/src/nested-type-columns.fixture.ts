import {
  BIG,
  DATE,
  DECIMAL,
  FLOAT,
  HEX,
  TEXT,
  TIME,
  TIMESTAMPTZ,
  arrayJson,
} from './canonical-json.fixture.ts';
import type { TypeColumn } from './type-column.fixture.ts';
import { day, decimal, hex, integer, list, text, time } from './type-values.fixture.ts';

export const nestedColumns: readonly TypeColumn[] = [
  {
    name: 'int8s',
    type: 'bigint[]',
    edges: ['{}', '{NULL}', '{NULL,1,NULL}', '{9223372036854775807,-9223372036854775808}'],
    random: list(integer(64)),
    json: arrayJson(BIG),
  },
  { name: 'flags', type: 'boolean[]', edges: ['{}', '{t,f,NULL}'], json: arrayJson('to_json($)') },
  {
    name: 'texts',
    type: 'text[]',
    edges: ['{}', '{NULL,"NULL",""}', '{\uFEFFmarked}'],
    random: list(text),
    json: arrayJson(TEXT),
  },
  {
    name: 'numerics',
    type: 'numeric(12, 3)[]',
    edges: ['{}', '{NULL,NaN,-0.001,999999999.999}'],
    random: list(decimal(12, 3)),
    json: arrayJson(DECIMAL),
  },
  {
    name: 'floats',
    type: 'double precision[]',
    edges: ['{}', '{NaN,-0,Infinity,NULL,5e-324}'],
    json: arrayJson(FLOAT),
  },
  {
    name: 'dates',
    type: 'date[]',
    edges: ['{}', '{0001-01-01,9999-12-31,NULL,infinity}'],
    random: list(day),
    json: arrayJson(DATE),
    notForChdb: 'dates before 1900 and after 2299 are refused',
  },
  {
    name: 'times',
    type: 'time[]',
    edges: ['{}', '{24:00:00,NULL,00:00:00.000001}'],
    random: list(time),
    json: arrayJson(TIME),
  },
  {
    name: 'instants',
    type: 'timestamptz[]',
    edges: ['{}', '{0001-01-01 00:00:00Z,NULL,9999-12-31 23:59:59.999999Z}'],
    json: arrayJson(TIMESTAMPTZ),
  },
  {
    name: 'uuids',
    type: 'uuid[]',
    edges: ['{}', '{NULL,00000000-0000-0000-0000-000000000000}'],
    random: list((random) => hex(random, 16)),
    json: arrayJson(TEXT),
  },
  {
    name: 'bytes',
    type: 'bytea[]',
    edges: ['{}', '{NULL,"","\\\\x00ff"}'],
    json: arrayJson(HEX),
    notForChdb: 'binary inside another type is refused',
  },
  {
    name: 'documents',
    type: 'jsonb[]',
    edges: ['{}', '{NULL,"null","{\\"a\\": 1}"}'],
    json: arrayJson(TEXT),
  },
  {
    name: 'moods',
    type: 'mood[]',
    edges: ['{}', '{sad,NULL,"very \\"happy\\", {indeed}"}'],
    json: arrayJson(TEXT),
  },
  { name: 'prices', type: 'prices', edges: ['{}', '{NaN,1,NULL}'], json: arrayJson(DECIMAL) },
  {
    name: 'dimensions',
    type: 'integer[]',
    edges: ['{}', '{{1,2},{3,4}}', '[0:1]={1,2}', '[1:1]={7}', '{{{1}}}', '{1,NULL}'],
    random: list(integer(32)),
    json: arrayJson('to_json($)'),
    notForChdb: 'a NULL list is read as empty',
  },
  {
    name: 'place',
    type: 'place',
    edges: ['(,,)', '("",0,NaN)', '("a ""b"" \\\\ (c), {d}",-2147483648,0.5)'],
    json: `json_build_object('street', ($).street, 'number', ($).number,
      'price', case when ($).price <> 'NaN' then ($).price::text end)`,
    notForChdb: 'a NULL struct is read as empty',
  },
  {
    name: 'address',
    type: 'address',
    edges: ['(,,)', '("(,,)",{},)', '("(x,1,2)","{NULL,""a b""}",0001-01-01)'],
    json: `json_build_object(
      'place', case when ($).place is distinct from null then json_build_object(
        'street', (($).place).street, 'number', (($).place).number,
        'price', case when (($).place).price <> 'NaN' then (($).place).price::text end) end,
      'tags', case when ($).tags is not null then coalesce((select json_agg(e order by i)
        from unnest(($).tags) with ordinality u(e, i)), '[]') end,
      'since', to_char(($).since, 'YYYY-MM-DD'))`,
    notForChdb: 'a NULL struct is read as empty',
  },
  {
    name: 'places',
    type: 'place[]',
    edges: ['{}', '{NULL}', '{"(a,1,2.5)","(,,)"}'],
    json: arrayJson(`json_build_object('street', ($).street, 'number', ($).number,
      'price', case when ($).price <> 'NaN' then ($).price::text end)`),
    notForChdb: 'a NULL struct is read as empty',
  },
];
