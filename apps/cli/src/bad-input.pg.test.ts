import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  it,
  jest,
} from '@jest/globals';
import { startPostgres } from '@cdc-demo/local-servers';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import { Client } from 'pg';
import { createProgram } from './program.ts';

interface Case {
  readonly name: string;
  /** Changes to the working configuration, as `[what stands there, what stands there instead]`. */
  readonly config?: readonly (readonly [string, string])[];
  readonly url?: (server: LocalPostgres) => string;
  readonly prepare?: (folder: string, client: Client) => Promise<unknown>;
  readonly args?: (folder: string) => readonly string[];
  readonly code: number;
  /** The cause, and the remedy. */
  readonly says: readonly RegExp[];
}

const withUser = (server: LocalPostgres, user: string, password: string): string => {
  const url = new URL(server.url);
  url.username = user;
  url.password = password;
  return url.href;
};

const cases: readonly Case[] = [
  {
    name: 'a URL where nobody listens',
    url: () => 'postgres://me:secret@127.0.0.1:1/app',
    code: 1,
    says: [/127\.0\.0\.1:1/, /host and port/],
  },
  {
    name: 'a URL that is none',
    url: () => 'mysql://localhost/app',
    code: 2,
    says: [/postgres(ql)?:\/\//, /user@host:port\/database/],
  },
  {
    name: 'a wrong password',
    url: (server) => withUser(server, 'postgres', 'canary'),
    code: 2,
    says: [/postgres/, /password/],
  },
  {
    name: 'a database that does not exist',
    url: (server) => server.url.replace(/\/[^/]*$/, '/nowhere'),
    code: 2,
    says: [/nowhere/, /database name/],
  },
  {
    name: 'a table that does not exist',
    config: [['public.good', 'public.missing']],
    code: 2,
    says: [/public\.missing/, /table name/],
  },
  {
    name: 'a table without primary key',
    config: [['public.good', 'public.keyless']],
    code: 3,
    says: [/public\.keyless/, /primary key/],
  },
  {
    name: 'a role without privileges',
    url: (server) => withUser(server, 'nobody', 'nobody'),
    code: 3,
    says: [/nobody/, /REPLICATION|GRANT/],
  },
  {
    name: 'a destination that another program wrote',
    prepare: (folder) => foreignTable(join(folder, 'lake/good')),
    code: 4,
    says: [/lake\/good/, /location/],
  },
  {
    name: 'a destination on a file system that takes no files',
    config: [["location: '", "location: '/sys/"]],
    code: 4,
    says: [/\/sys\//, /right|location/],
  },
  {
    name: 'a destination below a file',
    prepare: async (folder) => {
      await writeFile(join(folder, 'lake'), 'a file where the folder belongs');
    },
    code: 4,
    says: [/lake/, /location|right/],
  },
  {
    name: 'a misspelt key',
    config: [['intervalMs', 'intervalMS_']],
    code: 2,
    says: [/intervalMS_/, /mean intervalMs/],
  },
  {
    name: 'a pipeline that is not configured',
    args: (folder) => ['run', '--config', join(folder, 'c.yaml'), '--pipeline', 'other'],
    code: 2,
    says: [/no pipeline other/, /bad/],
  },
  {
    name: 'a configuration that does not exist',
    args: (folder) => ['run', '--config', join(folder, 'none.yaml')],
    code: 2,
    says: [/none\.yaml/, /--config/],
  },
  {
    name: 'an option that does not exist',
    args: () => ['run', '--speed', '11'],
    code: 2,
    says: [/unknown option/, /--help/],
  },
  {
    name: 'a duration that is no number',
    args: () => ['run', '--duration', 'soon'],
    code: 2,
    says: [/seconds/],
  },
  {
    name: 'a folder that is no Delta table',
    args: (folder) => ['table', 'rows', folder],
    code: 1,
    says: [/_delta_log/],
  },
];

async function foreignTable(folder: string): Promise<void> {
  await mkdir(join(folder, '_delta_log'), { recursive: true });
  const schema = { type: 'struct', fields: [] };
  const actions = [
    { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
    {
      metaData: {
        id: 'b0d0d0d0-0000-4000-8000-000000000000',
        format: { provider: 'parquet', options: {} },
        schemaString: JSON.stringify(schema),
        partitionColumns: [],
        configuration: {},
      },
    },
  ];
  const log = actions.map((action) => JSON.stringify(action)).join('\n');
  await writeFile(join(folder, '_delta_log', `${'0'.repeat(20)}.json`), log);
}

describe('bad input gets one message with cause and remedy', () => {
  let server: LocalPostgres;
  let client: Client;
  let folder: string;
  let printed: string;

  beforeAll(async () => {
    server = await startPostgres({ version: 18 });
    client = new Client({ connectionString: server.url });
    await client.connect();
    await client.query(`
      CREATE TABLE good (id int PRIMARY KEY, v text);
      INSERT INTO good VALUES (1, 'a');
      CREATE TABLE keyless (v text);
      CREATE ROLE nobody LOGIN PASSWORD 'nobody'`);
  });
  afterAll(async () => {
    await client.end();
    await server.stop();
  });

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bad-input-'));
    printed = '';
    for (const stream of [process.stderr, process.stdout]) {
      jest.spyOn(stream, 'write').mockImplementation((text) => {
        printed += String(text);
        return true;
      });
    }
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await chmod(folder, 0o755);
    await rm(folder, { recursive: true });
  });

  const writeConfig = async (replacements: Case['config'] = []): Promise<void> => {
    let text = `
pipelines:
  - id: bad
    source: { type: postgres, url: '\${env:BAD_INPUT_URL}', tables: [public.good] }
    sink: { type: delta, location: '${folder}/lake/{table}' }
    commit: { intervalMs: 100 }
`;
    for (const [from, to] of replacements) text = text.replace(from, to);
    await writeFile(join(folder, 'c.yaml'), text);
  };

  it.each(cases)('$name', async ({ config, url, prepare, args, code, says }) => {
    await writeConfig(config);
    await prepare?.(folder, client);
    process.env['BAD_INPUT_URL'] = url?.(server) ?? server.url;
    const run = ['run', '--config', join(folder, 'c.yaml'), '--until-caught-up'];
    const ended = await createProgram().main(args?.(folder) ?? run);
    expect({ printed, ended }).toEqual({ printed, ended: code });
    for (const pattern of says) expect(printed).toMatch(pattern);
    expect(printed).not.toMatch(/canary|secret@|\n {4}at /);
    expect(printed.match(/^error: /gm)).toHaveLength(1);
    const slots = await client.query('SELECT slot_name FROM pg_replication_slots');
    const isRefusedByTarget = code === 4;
    if (!isRefusedByTarget) expect(slots.rows).toEqual([]);
    expect((await client.query('SELECT * FROM good')).rows).toHaveLength(1);
  });

  it('wal_level = replica', async () => {
    await using replica = await startPostgres({ version: 14, settings: { wal_level: 'replica' } });
    const setup = new Client({ connectionString: replica.url });
    await setup.connect();
    await setup.query('CREATE TABLE good (id int PRIMARY KEY)');
    await setup.end();
    await writeConfig();
    process.env['BAD_INPUT_URL'] = replica.url;
    expect(await createProgram().main(['run', '--config', join(folder, 'c.yaml')])).toBe(3);
    expect(printed).toMatch(/wal_level=replica/);
    expect(printed).toMatch(/ALTER SYSTEM SET wal_level/);
    expect(await readdir(folder)).toEqual(['c.yaml']);
  });

  it('nothing wrong at all: the run ends with 0', async () => {
    await writeConfig();
    process.env['BAD_INPUT_URL'] = server.url;
    const args = ['run', '--config', join(folder, 'c.yaml'), '--until-caught-up'];
    expect({ ended: await createProgram().main(args), printed }).toEqual({ ended: 0, printed });
    expect(await createProgram().main(['table', 'rows', join(folder, 'lake/good')])).toBe(0);
    expect(printed).toContain('{"id":1,"v":"a"}');
    expect(await createProgram().main(['--help'])).toBe(0);
    expect(printed).toContain('Usage: cdc-demo');
  });
});
