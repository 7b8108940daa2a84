/** This engine cannot judge that; the message says what it lacks. */
export class Unsupported extends Error {}

/**
 * How one column is asked of ClickHouse and how the answer becomes canonical JSON text.
 *
 * `sql` is the expression to select, `text(value)` takes the parsed JSON of its result, asked
 * with 64-bit integers, decimals and NaN/infinity quoted and maps as arrays of key and value.
 * Dates and timestamps are asked as numbers: as text they are clamped to 1900..2299.
 */
export function column({ name, type }) {
  const sql = identifier(name);
  const kind = typeof type === 'string' ? type.replace(/\(.*/, '') : 'nested';
  switch (kind) {
    case 'date':
      return { name, sql: `toInt32(${sql})`, text: nullable((days) => quote(dateText(days))) };
    case 'timestamp':
    case 'timestamp_ntz': {
      const zone = kind === 'timestamp' ? 'Z' : '';
      const text = nullable((micros) => quote(timestampText(BigInt(micros)) + zone));
      return { name, sql: `reinterpretAsInt64(${sql})`, text };
    }
    case 'binary':
      return { name, sql: `lower(hex(${sql}))`, text: nullable(quote) };
    default:
      return { name, sql, text: valueText(type, name) };
  }
}

export function identifier(name) {
  return '`' + name.replaceAll('\\', '\\\\').replaceAll('`', '\\`') + '`';
}

/** Holds for types of which ClickHouse reads NULL as empty. */
export function losesNull(type) {
  return typeof type === 'object';
}

function valueText(type, name) {
  if (typeof type === 'object') return nestedText(type, name);
  switch (type.replace(/\(.*/, '')) {
    case 'boolean':
    case 'byte':
    case 'short':
    case 'integer':
      return nullable(String);
    case 'long':
      return nullable((v) => (Number.isSafeInteger(Number(v)) ? String(v) : quote(v)));
    case 'float':
    case 'double':
      return nullable(floatText);
    case 'decimal':
    case 'string':
      return nullable(quote);
    case 'date':
      return nullable(quote);
    case 'timestamp':
      return nullable((v) => quote(v.replace(' ', 'T') + 'Z'));
    case 'timestamp_ntz':
      return nullable((v) => quote(v.replace(' ', 'T')));
    default:
      throw new Unsupported(`column ${name}: chDB has no exact form of ${type} here`);
  }
}

function nestedText(type, name) {
  if (type.type === 'array') {
    const item = valueText(type.elementType, name);
    return (list) => `[${list.map(item).join(',')}]`;
  }
  if (type.type === 'map') {
    const key = valueText(type.keyType, name);
    const item = valueText(type.valueType, name);
    return (pairs) => {
      const texts = pairs.map((pair) => [key(pair.keys), item(pair.values)]);
      texts.sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      return `[${texts.map(([k, v]) => `[${k},${v}]`).join(',')}]`;
    };
  }
  const fields = type.fields.map((field) => [field.name, valueText(field.type, name)]);
  return (row) => `{${fields.map(([key, text]) => `${quote(key)}:${text(row[key])}`).join(',')}}`;
}

const nullable = (text) => (value) => (value === null ? 'null' : text(value));

const quote = (value) => JSON.stringify(value);

function floatText(value) {
  // Quoted by ClickHouse when JSON has no form for it.
  const number = typeof value === 'string' ? Number(value.replace('inf', 'Infinity')) : value;
  if (Object.is(number, -0)) return '"-0"';
  return Number.isFinite(number) ? String(number) : quote(String(number));
}

const DAY_MICROS = 86_400_000_000n;

function timestampText(micros) {
  let days = micros / DAY_MICROS;
  if (micros % DAY_MICROS < 0n) days -= 1n;
  const rest = micros - days * DAY_MICROS;
  const seconds = Number(rest / 1_000_000n);
  const clock = [seconds / 3600, (seconds / 60) % 60, seconds % 60];
  const time = clock.map((part) => String(Math.floor(part)).padStart(2, '0')).join(':');
  return `${dateText(Number(days))}T${time}.${String(rest % 1_000_000n).padStart(6, '0')}`;
}

function dateText(days) {
  return new Date(days * 86_400_000).toISOString().slice(0, 10);
}
