#!/usr/bin/env node
/**
 * chDB (ClickHouse in the process) as a judge, with the protocol of judge.py:
 *
 *     chdb-judge.mjs --home FOLDER
 *
 * ClickHouse has no NULL arrays, maps and structs, it reads them as empty ones. A request over
 * such columns is refused as unsupported, unless `columns` names the columns it is about.
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { column, identifier, losesNull, Unsupported } from './engines/chdb/column.mjs';
import { icebergSchema } from './engines/chdb/iceberg-schema.mjs';
import { deltaSchema } from './engines/chdb/delta-schema.mjs';

const { values: options } = parseArgs({ options: { home: { type: 'string' } } });
const { Session } = createRequire(resolve(options.home, 'chdb', 'package.json'))('chdb');

const SETTINGS = {
  session_timezone: "'UTC'",
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_decimals: 1,
  output_format_decimal_trailing_zeros: 1,
  output_format_json_quote_denormals: 1,
  output_format_json_map_as_array_of_tuples: 1,
  max_threads: 2,
  max_memory_usage: 2_000_000_000,
};

const CHANGE_FIELDS = [
  { name: '_change_type', type: 'string' },
  { name: '_commit_version', type: 'long' },
  { name: '_commit_timestamp', type: 'timestamp' },
];

const scratch = mkdtempSync(join(tmpdir(), 'judge-chdb-'));
// Tables are read below the working directory only.
process.chdir('/');
const session = new Session(scratch);

async function rows(request) {
  if (request.format === 'iceberg') return icebergRows(request);
  const schema = await schemaOf(request.table, request.version);
  const settings =
    request.version === undefined ? {} : { delta_lake_snapshot_version: request.version };
  return write(request, schema.fields, settings);
}

async function icebergRows(request) {
  const { table, version } = request;
  const { fields } = icebergSchema(table, version);
  const settings = {
    // Metadata of an earlier request would count where a table was made anew.
    use_iceberg_metadata_files_cache: 0,
    ...(version === undefined ? {} : { iceberg_snapshot_id: version }),
  };
  return write({ ...request, source: `icebergLocal(${literal(table)})` }, fields, settings);
}

async function changes(request) {
  if (request.format === 'iceberg') throw new Unsupported('changes of Iceberg tables');
  const schema = await schemaOf(request.table, request.to);
  const settings = {
    delta_lake_snapshot_start_version: request.from,
    delta_lake_snapshot_end_version: request.to,
  };
  return write(request, [...schema.fields, ...CHANGE_FIELDS], settings);
}

async function schemaOf(table, version) {
  try {
    return await deltaSchema(table, version, schemaStrings);
  } catch (error) {
    // The verdict on a log without a schema is the engine's.
    session.query(`DESCRIBE deltaLakeLocal(${literal(table)})`);
    throw error;
  }
}

async function write(request, fields, settings) {
  const columns = pick(fields, request.columns).map(column);
  const where = request.where === undefined ? '' : ` WHERE ${request.where}`;
  const sql =
    `SELECT ${columns.map(({ sql: expression }) => expression).join(', ')} ` +
    `FROM ${request.source ?? `deltaLakeLocal(${literal(request.table)})`}${where} ` +
    `SETTINGS ${settingsText({ ...SETTINGS, ...settings })}`;
  const keys = columns.map(({ name }, i) => `${i === 0 ? '{' : ','}${JSON.stringify(name)}:`);
  const out = openSync(request.out, 'w');
  let count = 0;
  try {
    for await (const chunk of session.queryStream(sql, { format: 'JSONCompactEachRow' })) {
      const lines = [];
      for (const line of chunk.text().split('\n')) {
        if (line === '') continue;
        const values = JSON.parse(line);
        lines.push(keys.map((key, i) => key + columns[i].text(values[i])).join('') + '}\n');
      }
      writeSync(out, lines.join(''));
      count += lines.length;
    }
  } finally {
    closeSync(out);
  }
  return { rows: count };
}

function pick(fields, names) {
  if (names === undefined) {
    const lossy = fields.filter(({ type }) => losesNull(type)).map(({ name }) => name);
    if (lossy.length === 0) return fields;
    throw new Unsupported(
      `chDB reads NULL as empty in the columns ${lossy.join(', ')}: name the columns to judge`,
    );
  }
  return names.map((name) => {
    const field = fields.find((candidate) => candidate.name === name);
    if (field === undefined) throw new Error(`the table has no column ${identifier(name)}`);
    return field;
  });
}

function schemaStrings(file) {
  const sql = `SELECT metaData.schemaString FROM file(${literal(file)}, Parquet) `;
  const lines = session.query(`${sql} WHERE notEmpty(metaData.schemaString)`, 'JSONCompactEachRow');
  return lines
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line)[0]);
}

function settingsText(settings) {
  return Object.entries(settings)
    .map(([name, value]) => `${name} = ${value}`)
    .join(', ');
}

function literal(text) {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

function memory() {
  const status = readFileSync('/proc/self/status', 'utf8');
  const bytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)[1]) * 1024;
  return { residentBytes: bytes('VmRSS'), peakBytes: bytes('VmHWM') };
}

async function answer(request) {
  switch (request.op) {
    case 'rows':
      return rows(request);
    case 'changes':
      return changes(request);
    case 'memory':
      return memory();
    case 'versions':
      throw new Unsupported('chDB does not list versions');
    default:
      throw new Unsupported(`no such operation: ${request.op}`);
  }
}

const say = (line) => writeSync(1, JSON.stringify(line) + '\n');

const [version] = JSON.parse(session.query('SELECT version()', 'JSONCompactEachRow'));
say({ ready: true, engine: 'chdb', version: `chDB, ClickHouse ${version}` });
try {
  for await (const line of createInterface({ input: process.stdin })) {
    const request = JSON.parse(line);
    try {
      say({ id: request.id, ok: true, ...(await answer(request)) });
    } catch (error) {
      const kind = error instanceof Unsupported ? 'unsupported' : 'engine';
      say({ id: request.id, ok: false, kind, error: error.message });
    }
  }
} finally {
  session.close?.();
  rmSync(scratch, { recursive: true, force: true });
}
