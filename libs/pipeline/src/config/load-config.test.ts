import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { isCdcError } from '@cdc-demo/cdc-core';
import { loadConfig, parseConfig } from './load-config.ts';
import { stateLocation } from './pipeline-config.ts';

const minimal = `
pipelines:
  - id: customers
    source:
      type: postgres
      url: \${env:POSTGRES_URL}
      tables: [public.customers, public.orders]
    sink:
      type: delta
      location: file:./data/lake/{schema}/{table}
`;
const env = { POSTGRES_URL: 'postgres://me:canary@localhost/app', EMPTY: '' };
const noFiles = { env, readSecretFile: (path: string) => `secret of ${path}\n` };
const parse = (text: string): ReturnType<typeof parseConfig> =>
  parseConfig(text, noFiles, 'f.yaml');

function refusal(text: string): { message: string; remedy: string } {
  try {
    parse(text);
  } catch (error) {
    if (isCdcError(error) && error.kind === 'configuration') return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('parseConfig', () => {
  it('fills in sensible defaults', () => {
    const [pipeline] = parse(minimal).pipelines;
    expect(pipeline).toMatchObject({
      id: 'customers',
      source: {
        tables: [
          { namespace: 'public', name: 'customers' },
          { namespace: 'public', name: 'orders' },
        ],
        snapshot: 'initial',
        outOfRange: 'stop',
      },
      sink: { mode: 'upsert', compression: 'snappy', upkeep: { compact: true, vacuum: true } },
      commit: { intervalMs: 1000, maxRows: 100_000 },
    });
    expect(stateLocation(pipeline!)).toBe('file:./data/lake/_cdc_demo/customers');
    expect(stateLocation({ ...pipeline!, state: '/elsewhere' })).toBe('/elsewhere');
  });

  it('takes odd names in quotes, in their exact case', () => {
    const name = `'"my.schema"."Ünï ""x"" Q"'`;
    const [pipeline] = parse(minimal.replace('public.orders', name)).pipelines;
    expect(pipeline?.source.tables[1]).toEqual({ namespace: 'my.schema', name: 'Ünï "x" Q' });
  });

  it('takes the columns to partition by, table by table', () => {
    const text = minimal + '      partitionBy: { public.orders: [day, status] }\n';
    expect(parse(text).pipelines[0]?.sink).toMatchObject({
      partitionBy: { 'public.orders': ['day', 'status'] },
    });
  });

  it('takes an Iceberg sink whose tables a REST catalog keeps', () => {
    const rest = (more: string): string =>
      minimal.replace(
        /sink:[^]*?location: .*\n/,
        `sink:\n      type: iceberg\n      catalog: { type: rest, uri: "http://c:8181"${more} }\n`,
      );
    const sources = { ...noFiles, env: { ...env, CREDENTIAL: 'me:hidden' } };
    const load = (text: string) => parseConfig(text, sources, 'a').pipelines[0];
    const state = '    state: ./state\n';
    expect(load(rest(', credential: "${env:CREDENTIAL}"') + state)?.sink).toMatchObject({
      catalog: { type: 'rest', uri: 'http://c:8181', namespace: '{schema}', name: '{table}' },
    });
    expect(JSON.stringify(load(rest(', credential: "${env:CREDENTIAL}"') + state))).not.toContain(
      'hidden',
    );
    expect(() => load(rest(', credential: "me:hidden"') + state)).toThrow(
      'credential: a password stands in the file',
    );
    expect(() => load(rest(''))).toThrow('write the folder of the progress records');
  });

  it('takes an Iceberg sink, with what that has besides', () => {
    const text = minimal.replace('type: delta', 'type: iceberg');
    expect(parse(text).pipelines[0]?.sink).toMatchObject({
      type: 'iceberg',
      mode: 'upsert',
      catalog: { type: 'filesystem' },
      readers: [],
      upkeep: { compact: true, expireSnapshots: true, maxSnapshots: 200, removeOrphans: true },
    });
    expect(() => parse(text + '      formatVersion: 1\n')).toThrow(/sink\.formatVersion/);
    const parted = parse(
      text + '      partitionBy: { public.orders: [day(at), "bucket(16, id)"] }\n',
    );
    expect(parted.pipelines[0]?.sink).toMatchObject({
      partitionBy: { 'public.orders': ['day(at)', 'bucket(16, id)'] },
    });
    expect(() => parse(text + '      readers: [polars]\n')).toThrow(/sink\.readers/);
    expect(() => parse(text + '      catalog: { type: hive }\n')).toThrow(/sink\.catalog\.type/);
    expect(() => parse(text + '      upkeep: { vacuum: true }\n')).toThrow(
      'sink.upkeep.vacuum: this key does not belong here',
    );
  });

  it('keeps secrets out of everything that prints', () => {
    const config = parse(minimal);
    expect(config.pipelines[0]?.source.url.reveal()).toBe(env.POSTGRES_URL);
    expect(JSON.stringify(config)).not.toContain('canary');
    expect(String(config.pipelines[0]?.source.url)).toBe('***');
  });

  it('reads secrets from files', () => {
    const config = parse(minimal.replace('${env:POSTGRES_URL}', '${file:/run/url}'));
    expect(config.pipelines[0]?.source.url.reveal()).toBe('secret of /run/url');
  });

  it.each([
    [
      'intervalMs: 1000',
      minimal + '    commit: { intervallMs: 5 }\n',
      /intervallMs.*mean intervalMs/,
    ],
    ['a wrong type', minimal.replace('type: delta', 'type: deltta'), /sink\.type/],
    ['a missing key', minimal.replace('type: delta', ''), /sink/],
    [
      'a table without schema',
      minimal.replace('public.orders', 'orders'),
      /tables\[1\].*schema\.table/,
    ],
    ['a table twice', minimal.replace('orders', '"customers"'), /tables.*twice/],
    ['a dot without quotes', minimal.replace('orders', 'my.orders'), /tables\[1\].*quote a part/],
    ['a location for one table only', minimal.replace('{table}', 'x'), /location.*\{table\}/],
    ['an unset variable', minimal.replace('POSTGRES_URL', 'NOWHERE'), /source\.url.*NOWHERE/],
    ['an empty variable', minimal.replace('POSTGRES_URL', 'EMPTY'), /EMPTY is not set/],
    ['broken YAML', 'pipelines: [', /f\.yaml/],
    [
      'a partition of a table that is not followed',
      minimal + '      partitionBy: { public.order: [day] }\n',
      /sink\.partitionBy\.public\.order: .*source\.tables/,
    ],
    [
      'a reader that is not known',
      minimal + '      readers: [spork]\n',
      /sink\.readers\[0\].*"spark"/,
    ],
    ['an id twice', minimal + minimal.replace('\npipelines:', ''), /same id/],
    ['nothing at all', '', /the file/],
  ])('names the key for %s', (_name, text, message) => {
    expect(refusal(text).message).toMatch(message);
  });

  it('refuses a password in the file without repeating it', () => {
    const { message, remedy } = refusal(
      minimal.replace('${env:POSTGRES_URL}', 'postgres://me:canary@localhost/app'),
    );
    expect(message).toContain('pipelines[0].source.url');
    expect(message + remedy).not.toContain('canary');
    expect(remedy).toContain('${env:NAME}');
  });
});

describe('loadConfig', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'config-'));
  });
  afterEach(() => rm(root, { recursive: true }));

  it('reads a file, and refuses a secret file that everybody may read', async () => {
    const secret = join(root, 'url');
    const file = join(root, 'c.yaml');
    await writeFile(secret, 'postgres://me@localhost/app\n');
    await writeFile(file, minimal.replace('${env:POSTGRES_URL}', `\${file:${secret}}`));
    await chmod(secret, 0o644);
    expect(() => loadConfig(file, {})).toThrow(/Everybody may read/);
    await chmod(secret, 0o600);
    expect(loadConfig(file, {}).pipelines[0]?.source.url.reveal()).toBe(
      'postgres://me@localhost/app',
    );
    await rm(secret);
    expect(() => loadConfig(file, {})).toThrow(/cannot be read/);
  });

  it('says so when the file does not exist', () => {
    expect(() => loadConfig(join(root, 'none.yaml'), {})).toThrow(/none\.yaml cannot be read/);
  });
});
