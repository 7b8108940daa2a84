export const TEXT = `to_json(format('%s', $))`;
export const DECIMAL = `case when $ <> 'NaN' then to_json($::text) end`;
export const BIG = `case when $::numeric between -9007199254740991 and 9007199254740991
  then to_json($::numeric) else to_json($::text) end`;
export const FLOAT = `case when $::text in ('NaN', 'Infinity', '-Infinity', '-0')
  then to_json($::text) else to_json($) end`;
export const DATE = `case when $ between '0001-01-01' and '9999-12-31'
  then to_json(to_char($, 'YYYY-MM-DD')) end`;
export const TIME = `to_json(to_char($::interval, 'HH24:MI:SS.US'))`;
const IN_RANGE = `$ between '0001-01-01 00:00:00Z' and '9999-12-31 23:59:59.999999Z'`;
export const TIMESTAMP = `case when ${IN_RANGE} then to_json(to_char($, 'YYYY-MM-DD"T"HH24:MI:SS.US')) end`;
export const TIMESTAMPTZ = `case when ${IN_RANGE}
  then to_json(to_char($ at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')) end`;
export const HEX = `to_json(encode($, 'hex'))`;

/** JSON of a one-dimensional array whose elements have the JSON `element`; others are NULL. */
export function arrayJson(element: string): string {
  const value = `case when ($)[i] is distinct from null
    then (${element.replaceAll('$', '(($)[i])')}) end`;
  return `case when array_ndims($) > 1 or array_lower($, 1) <> 1 then null else coalesce(
    (select json_agg(${value} order by i) from generate_subscripts($, 1) i), '[]') end`;
}
