import { mkdtemp, rm } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { InvariantChecker, SourceHistory } from '@cdc-demo/cdc-testing';
import type { CheckOptions, RecordedTable, Violation } from '@cdc-demo/cdc-testing';
import { RestCatalog } from '@cdc-demo/iceberg';
import { systemClock } from '@cdc-demo/pipeline';
import { DeltaLakeTable } from './delta-lake-table.ts';
import { IcebergLakeTable } from './iceberg-lake-table.ts';
import { LastingClient } from './lasting-client.ts';
import { LOCAL_FILES, PLACES } from './places.ts';
import type { Place, PlaceName } from './places.ts';
import { WrittenLake, confirmedPosition, isOnS3 } from './written-lake.ts';
import type { WrittenTable } from './written-lake.ts';

const wholeRow = {
  id: '$.id',
  number: '$.number',
  amount: '$.amount::text',
  note: '$.note',
  at: `to_char($.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`,
  extra: `to_jsonb($) -> 'extra'`,
};

/** Old rows sent whole; keys only, with large values that stay untouched; emptied now and then. */
export const TABLES: readonly RecordedTable[] = [
  { name: 'whole', key: 'id', columns: wholeRow, later: ['extra'] },
  { name: 'keyed', key: 'id', columns: wholeRow, later: ['extra'] },
  { name: 'emptied', key: 'code', columns: { code: '$.code', value: '$.value' } },
];

const CREATE = `
  CREATE TABLE whole (id int PRIMARY KEY, number bigint, amount numeric(12,2), note text, at timestamptz);
  ALTER TABLE whole REPLICA IDENTITY FULL;
  CREATE TABLE keyed (LIKE whole INCLUDING ALL);
  ALTER TABLE keyed ALTER note SET STORAGE EXTERNAL;
  CREATE TABLE emptied (code text PRIMARY KEY, value text);
  INSERT INTO whole SELECT i, i * 1000, i / 7.0, 'first ' || i, now() FROM generate_series(1, $rows) i;
  INSERT INTO keyed SELECT i, i, i, repeat('x', 3000), now() FROM generate_series(1, 60) i;
  INSERT INTO whole (id) SELECT generate_series(900001, 900003);
  INSERT INTO keyed (id, note) SELECT i, repeat('y', 3000) FROM generate_series(900001, 900003) i;
  INSERT INTO emptied SELECT 'c' || i, 'v' FROM generate_series(1, 50) i;`;

/** Changes of rows that are always there: no random statement takes them away. */
export const SURE_CHANGES: readonly string[] = [
  'UPDATE whole SET number = coalesce(number, 0) + 1 WHERE id > 900000',
  'UPDATE keyed SET number = coalesce(number, 0) + 1 WHERE id > 900000',
];

/** One statement: every kind of change, keys that change, untouched TOAST values, truncates. */
export function randomStatement(random: () => number): string {
  const table = random() < 0.5 ? 'whole' : 'keyed';
  const id = 1 + Math.floor(random() * 80);
  const other = 1 + Math.floor(random() * 10_000);
  const kind = random();
  if (kind < 0.3) {
    return `INSERT INTO ${table} VALUES (${other}, ${id}, ${id}.25, repeat('n', ${other % 4000}), now())
      ON CONFLICT (id) DO UPDATE SET number = ${table}.number + 1`;
  }
  if (kind < 0.55) return `UPDATE ${table} SET number = ${other} WHERE id = ${id}`;
  if (kind < 0.62) return `UPDATE ${table} SET note = NULL, amount = -${other}.5 WHERE id = ${id}`;
  if (kind < 0.7) {
    return `UPDATE ${table} SET id = ${other} WHERE id = ${id}
      AND NOT EXISTS (SELECT FROM ${table} WHERE id = ${other})`;
  }
  if (kind < 0.83) return `DELETE FROM ${table} WHERE id BETWEEN ${id} AND ${id + 2}`;
  if (kind < 0.85) return 'TRUNCATE emptied';
  return `INSERT INTO emptied VALUES ('c${id}', '${other}')
    ON CONFLICT (code) DO UPDATE SET value = excluded.value`;
}

export interface SourceOptions {
  /** Of the table `whole`, before anything is recorded. */
  readonly rows: number;
  /** Does the server send every transaction before it ends? No unless given. */
  readonly sendsEarly?: boolean;
  /** Of the lake's folder; the system's folder for temporary files unless given. */
  readonly place?: Place;
  /** Of the tables; `delta` unless given. */
  readonly format?: Format;
}

/** What tables are written as. */
export const FORMATS = ['delta', 'iceberg-2', 'iceberg-3'] as const;
export type Format = (typeof FORMATS)[number];

/** Only Iceberg has catalogs that are services. */
export const PLACES_OF: Readonly<Record<Format, readonly PlaceName[]>> = {
  delta: ['files', 's3'],
  'iceberg-2': PLACES,
  'iceberg-3': PLACES,
};

/** How to open the tables of a pipeline: its name is their namespace in a catalog. */
function lakeTables(
  format: Format,
  pipeline: string,
  { catalogUri }: Place,
): (location: string, name: string) => WrittenTable {
  if (format === 'delta') return (location) => new DeltaLakeTable(location);
  const formatVersion = format === 'iceberg-2' ? 2 : 3;
  if (catalogUri === undefined) {
    return (location) => new IcebergLakeTable(location, { formatVersion });
  }
  const catalog = new RestCatalog({ uri: catalogUri, clock: systemClock });
  return (location, name) => {
    const table = catalog.table({ namespace: [pipeline], name });
    const url = `${catalogUri}/v1/namespaces/${pipeline}/tables/${name}`;
    return new IcebergLakeTable(location, { formatVersion, kept: { table, url } });
  };
}

/**
 * A database of its own on a running server with the tables of `TABLES`, their recorded history, a
 * folder for a lake, and who compares the two.
 */
export class SourceUnderTest implements AsyncDisposable {
  /** Name of the database and of the pipeline. */
  readonly name: string;
  readonly url: string;
  readonly folder: string;
  readonly client: LastingClient;
  readonly lake: WrittenLake;
  readonly format: Format;
  readonly place: Place;
  readonly #history: SourceHistory;
  readonly #checker: InvariantChecker;
  readonly #admin: LastingClient;

  private constructor(parts: {
    name: string;
    url: string;
    folder: string;
    client: LastingClient;
    admin: LastingClient;
    history: SourceHistory;
    format: Format;
    place: Place;
  }) {
    this.name = parts.name;
    this.url = parts.url;
    this.folder = parts.folder;
    this.client = parts.client;
    this.format = parts.format;
    this.place = parts.place;
    this.#admin = parts.admin;
    this.#history = parts.history;
    const { folder, name: pipeline, client } = parts;
    this.lake = new WrittenLake({
      folder,
      pipeline,
      open: lakeTables(parts.format, pipeline, parts.place),
      confirmed: () => confirmedPosition(client, pipeline),
    });
    this.#checker = new InvariantChecker(parts.history, this.lake);
  }

  static async create(
    serverUrl: string,
    name: string,
    { rows, sendsEarly = false, place = LOCAL_FILES, format = 'delta' }: SourceOptions,
  ): Promise<SourceUnderTest> {
    const admin = await LastingClient.connect(serverUrl);
    await admin.query(`CREATE DATABASE ${name}`);
    if (sendsEarly) {
      const setting = `debug_logical_replication_streaming = 'immediate'`;
      await admin.query(`ALTER DATABASE ${name} SET ${setting}`);
    }
    const url = new URL(serverUrl);
    url.pathname = `/${name}`;
    const client = await LastingClient.connect(url.href);
    await client.query(CREATE.replace('$rows', String(rows)));
    const history = await SourceHistory.record(client, TABLES, `history_of_${name}`);
    const folder = await newFolder(place.parent, `torture-${name}-`);
    const of = { name, url: url.href, folder, format, place };
    return new SourceUnderTest({ ...of, client, admin, history });
  }

  check(options: CheckOptions): Promise<Violation[]> {
    return this.#checker.check(options);
  }

  /** The versions of every table, to see whether a run made another. */
  async versions(): Promise<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const { name } of TABLES) found[name] = (await this.lake.table(name).versions()).length;
    return found;
  }

  /** The most files that one of the tables has and that no version refers to. */
  async orphans(): Promise<number> {
    const counts = TABLES.map(async ({ name }) => (await this.lake.table(name).orphans()).length);
    return Math.max(...(await Promise.all(counts)));
  }

  /** After the server was started again. */
  async reconnect(): Promise<void> {
    await this.client.reconnect();
    await this.#admin.reconnect();
  }

  async transaction(...statements: readonly string[]): Promise<void> {
    await this.client.query(['BEGIN', ...statements, 'COMMIT'].join(';\n'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#history.drop();
    await this.client.end();
    // Slots of the database would keep the server's log for ever.
    await this.#admin.query(
      `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots
       WHERE database = $1 AND active`,
      [this.name],
    );
    await this.#admin.query(`
      DO $$ BEGIN
        FOR i IN 1..200 LOOP
          EXIT WHEN NOT EXISTS (
            SELECT FROM pg_replication_slots WHERE database = '${this.name}' AND active);
          PERFORM pg_sleep(0.02);
        END LOOP;
        PERFORM pg_drop_replication_slot(slot_name)
          FROM pg_replication_slots WHERE database = '${this.name}';
      END $$`);
    await this.#admin.query(`DROP DATABASE ${this.name} WITH (FORCE)`);
    await this.#admin.end();
    if (isOnS3(this.folder) || process.env['CDC_KEEP'] !== undefined) return;
    await rm(this.folder, { recursive: true });
  }
}

function newFolder(parent: string, name: string): Promise<string> {
  if (isOnS3(parent)) return Promise.resolve(`${parent}/${name}${randomUUID()}`);
  return mkdtemp(join(parent, name));
}
