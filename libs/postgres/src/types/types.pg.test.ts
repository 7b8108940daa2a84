import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { canonicalJson, describeType } from '@cdc-demo/cdc-core';
import type { ColumnBatch } from '@cdc-demo/cdc-core';
import { startPostgres, testedVersions } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import fc from 'fast-check';
import type pg from 'pg';
import { loadPublishedTable } from '../catalog/load-published-table.ts';
import type { PublishedTable } from '../catalog/published-table.ts';
import { CopyBinaryDecoder } from '../decode/copy-binary-decoder.ts';
import { catalogQuery, decodeAll, openClient, peek } from '../decode/peek.fixture.ts';
import { expectedValue } from './expected-value.fixture.ts';
import type { Parts } from './expected-value.fixture.ts';
import { typeCases } from './type-cases.fixture.ts';
import type { TypeCase } from './type-case.fixture.ts';

const SEED = Number(process.env['CDC_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const RANDOM_VALUES = 60;

interface Loaded extends TypeCase {
  readonly name: string;
  readonly table: PublishedTable;
  /** By id: the value that the server's own text says, as canonical JSON. */
  readonly expected: readonly string[];
  readonly given: readonly string[];
}

describe.each(testedVersions(process.env))(`Types of Postgres %i (CDC_SEED=${SEED})`, (version) => {
  const cases = typeCases.filter(({ since = 0 }) => since <= version * 10000);
  const loaded = new Map<string, Loaded>();
  let server: LocalPostgres;
  let client: pg.Client;
  let stream: ReadonlyMap<string, { binary: ColumnBatch; text: ColumnBatch }>;

  beforeAll(async () => {
    server = await startPostgres({ version });
    client = await openClient(server.url, '-c search_path=public');
    await client.query('create publication binary_tables; create publication all_tables');
    await client.query("select pg_create_logical_replication_slot('types', 'pgoutput')");
    for (const [i, typeCase] of cases.entries()) {
      loaded.set(typeCase.type, await load(client, typeCase, `case_${i}`));
    }
    stream = await readStream();
  }, 120_000);

  afterAll(async () => {
    await client.end();
    await server.stop();
  });

  test.each(cases)('$type becomes $field', ({ type, field, textOnly }) => {
    const { table } = loaded.get(type)!;
    expect(describeType(table.schema.fields[1]!.type)).toBe(field);
    expect(table.binary).toBe(textOnly !== true);
  });

  test.each(cases)('$type is exact in a snapshot by binary COPY', async ({ type }) => {
    const { name, table, expected, given } = loaded.get(type)!;
    const cast = table.columns[1]!.codec.copyCast === 'text' ? '::text' : '';
    const path = join(server.dataDir, `${name}.copy`);
    await client.query(
      `copy (select id, v${cast} from ${name} order by id) to '${path}' (format binary)`,
    );
    const bytes = readFileSync(path);
    rmSync(path);
    const decoder = new CopyBinaryDecoder(table, { outOfRange: 'null' });
    decoder.push(bytes);
    decoder.finish();
    expect(pairs(given, canonical(decoder.take()))).toEqual(pairs(given, expected));
  });

  test.each(cases)('$type is exact in the stream, binary and text alike', ({ type }) => {
    const { expected, given, name, textOnly } = loaded.get(type)!;
    const { binary, text } = stream.get(name)!;
    expect(pairs(given, canonical(text))).toEqual(pairs(given, expected));
    expect(binary === text).toBe(textOnly === true);
    expect(pairs(given, canonical(binary))).toEqual(pairs(given, expected));
  });

  async function readStream(): Promise<typeof stream> {
    const images = async (
      publication: string,
      binary: boolean,
    ): Promise<Map<string, ColumnBatch>> => {
      const messages = await peek(client, { slot: 'types', publication, binary });
      const group = await decodeAll(messages, { client, publication }, { outOfRange: 'null' });
      return new Map(group!.batches.map((batch) => [batch.schema.table.name, batch.images]));
    };
    const text = await images('all_tables', false);
    const binary = await images('binary_tables', true);
    return new Map(
      [...text].map(([name, batch]) => [name, { text: batch, binary: binary.get(name) ?? batch }]),
    );
  }
});

async function load(client: pg.Client, typeCase: TypeCase, name: string): Promise<Loaded> {
  const { type, setup, values, edges, parts = `to_json(format('%s', v))` } = typeCase;
  if (setup !== undefined) await client.query(setup);
  await client.query(`create table ${name} (id int primary key, v ${type})`);
  await client.query(`alter publication all_tables add table ${name}`);
  const publication = 'all_tables';
  const table = await loadPublishedTable(catalogQuery(client), publication, {
    namespace: 'public',
    name,
  });
  if (table.binary) await client.query(`alter publication binary_tables add table ${name}`);
  const given = [...edges, ...fc.sample(values, { seed: SEED, numRuns: RANDOM_VALUES })];
  await client.query(
    `insert into ${name} select i, x::${type} from unnest($1::text[]) with ordinality u(x, i)`,
    [given],
  );
  await client.query(`insert into ${name} values (${given.length + 1}, null)`);
  const { rows } = await client.query<{ parts: Parts }>(
    `select case when v is distinct from null then (${parts})::json end as parts
     from ${name} order by id`,
  );
  const fieldType = table.schema.fields[1]!.type;
  const expected = rows.map((row) => canonicalJson(fieldType, expectedValue(fieldType, row.parts)));
  return { ...typeCase, name, table, expected, given: [...given, 'NULL'] };
}

function canonical(batch: ColumnBatch): string[] {
  const column = batch.columns[1]!;
  return Array.from({ length: batch.length }, (_, row) =>
    canonicalJson(column.type, column.value(row)),
  );
}

/** Beside what was given, so that a failure shows it. */
function pairs(given: readonly string[], values: readonly string[]): string[] {
  const short = (value: string): string => (value.length > 200 ? `${value.slice(0, 200)}…` : value);
  return values.map((value, i) => `${short(given[i] ?? '')} -> ${value}`);
}
