import { setTimeout as sleep } from 'node:timers/promises';
import { changeEvents, comparePositions, isCdcError } from '@cdc-demo/cdc-core';
import type {
  ChangeEvent,
  Clock,
  FieldValue,
  Position,
  ResyncRows,
  SourceMessage,
  StartFrom,
  TableName,
  TransactionGroup,
} from '@cdc-demo/cdc-core';
import type { LocalPostgres } from '@cdc-demo/local-servers';
import pg from 'pg';
import { PostgresSource } from './postgres-source.ts';
import type { PostgresSourceOptions } from './source-settings.ts';

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}).catch(aborted),
};

/** An aborted sleep ends at once. */
function aborted(): void {
  // That is all there is to it.
}

/** A database of its own on a shared server. */
export class TestDatabase implements AsyncDisposable {
  static #count = 0;
  readonly name: string;
  readonly url: string;
  readonly #server: LocalPostgres;
  readonly #others: pg.Client[] = [];
  readonly #isOurs: boolean;
  #client: pg.Client;

  private constructor(server: LocalPostgres, name: string, isOurs = true) {
    this.#isOurs = isOurs;
    this.#server = server;
    this.name = name;
    this.url = databaseUrl(server.url, name);
    this.#client = new pg.Client(this.url);
  }

  /** @param encoding UTF8 unless given */
  static async create(server: LocalPostgres, encoding = 'UTF8'): Promise<TestDatabase> {
    const database = new TestDatabase(server, `test_${process.pid}_${++TestDatabase.#count}`);
    const options = `TEMPLATE template0 ENCODING '${encoding}'`;
    await database.#asAdmin(`CREATE DATABASE ${database.name} ${options}`);
    await database.reconnect();
    return database;
  }

  /** A database that a server has already, of which nothing is removed in the end. */
  static async on(server: LocalPostgres, name: string): Promise<TestDatabase> {
    const database = new TestDatabase(server, name, false);
    await database.reconnect();
    return database;
  }

  /** A new session, after the server was restarted. */
  async reconnect(): Promise<void> {
    this.#client = new pg.Client(this.url);
    this.#client.on('error', ignore);
    await this.#client.connect();
  }

  /** The URL with another role. */
  urlAs(role: string, password: string): string {
    return this.url.replace(/\/\/[^@]*@/, `//${role}:${password}@`);
  }

  /** Rows as arrays of texts. */
  async rows(sql: string): Promise<(string | null)[][]> {
    const { rows } = await this.#client.query({
      text: sql,
      rowMode: 'array',
      types: { getTypeParser: () => (value: string | Buffer) => value },
    });
    return rows as (string | null)[][];
  }

  /** The first value of the first row. */
  async value(sql: string): Promise<string | null | undefined> {
    return (await this.rows(sql))[0]?.[0];
  }

  async run(...statements: readonly string[]): Promise<void> {
    for (const sql of statements) await this.#client.query(sql);
  }

  /** Another session, for transactions that interleave. */
  async session(): Promise<pg.Client> {
    const client = new pg.Client(this.url);
    client.on('error', ignore);
    await client.connect();
    this.#others.push(client);
    return client;
  }

  /** A session that is just ending, or beginning, may still take its slot. */
  async dropSlots(): Promise<void> {
    const ours = `FROM pg_replication_slots WHERE database = '${this.name}'`;
    await this.#asAdmin(`
      DO $$ BEGIN
        FOR i IN 1..200 LOOP
          BEGIN
            PERFORM pg_terminate_backend(active_pid, 30000) ${ours} AND active_pid IS NOT NULL;
            PERFORM pg_drop_replication_slot(slot_name) ${ours};
            EXIT;
          EXCEPTION WHEN object_in_use THEN
            PERFORM pg_sleep(0.02);
          END;
        END LOOP;
      END $$`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#client, ...this.#others].map((client) => client.end()));
    if (!this.#isOurs) return;
    await this.dropSlots();
    await this.#asAdmin(`DROP DATABASE ${this.name} WITH (FORCE)`);
  }

  async #asAdmin(...statements: readonly string[]): Promise<void> {
    const admin = new pg.Client(this.#server.url);
    await admin.connect();
    for (const sql of statements) await admin.query(sql);
    await admin.end();
  }
}

/** A test may end a session from outside. */
function ignore(): void {
  // Whoever waits for an answer gets the error.
}

export function databaseUrl(url: string, database: string): string {
  return url.replace(/\/postgres$/, `/${database}`);
}

export function tableName(name: string): TableName {
  const [namespace = '', table = ''] = name.split('.');
  return { namespace, name: table };
}

type Options = Partial<PostgresSourceOptions> & { readonly tables: readonly TableName[] };

export function sourceOn(database: TestDatabase, options: Options): PostgresSource {
  return new PostgresSource({
    connection: { url: database.url },
    pipeline: `p_${database.name}`,
    clock: systemClock,
    ...options,
  });
}

type Row = Readonly<Record<string, FieldValue>>;

/**
 * Consumes a source and applies what it says to tables in memory, by the column `id`: what a
 * destination would hold.
 */
export class Follower {
  readonly source: PostgresSource;
  readonly messages: SourceMessage[] = [];
  readonly events: ChangeEvent[] = [];
  readonly resyncs: ResyncRows[] = [];
  readonly tables: Map<string, Map<string, Row>>;
  /** Changes that cannot be: an insert of a key that is there, a change of one that is not. */
  readonly violations: string[] = [];
  /** Everything before it was received. */
  position: Position | undefined;
  /** Acknowledge whatever is received at once? */
  acknowledges = true;
  #waiting: { readonly isMet: () => boolean; readonly resolve: () => void }[] = [];
  readonly done: Promise<unknown>;
  #isDone = false;

  /** @param before whose tables are carried on with, after a restart */
  constructor(source: PostgresSource, from: StartFrom = { kind: 'snapshot' }, before?: Follower) {
    this.source = source;
    this.tables = before?.tables ?? new Map<string, Map<string, Row>>();
    this.position = before?.position;
    this.done = this.#consume(from).then(
      () => undefined,
      (error: unknown) => error,
    );
    void this.done.then(() => {
      this.#isDone = true;
      this.#wake();
    });
  }

  get refusal(): string | undefined {
    const last = this.messages.at(-1);
    return last?.kind === 'refused' ? last.error.code : undefined;
  }

  /** Waits for a condition on what was received. @throws Error when the source ended before */
  async until(isMet: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#waiting.push({ isMet, resolve });
      this.#wake();
    });
    if (isMet()) return;
    const error: unknown = await this.done;
    const reason = isCdcError(error) || error instanceof Error ? error : this.refusal;
    throw new Error('the source ended before', { cause: reason });
  }

  /** Waits until all that is committed now was received. */
  async caughtUp(): Promise<void> {
    await this.until(() => this.messages.length > 0 && this.messages.at(-1)?.kind !== 'refused');
    const target = await this.source.currentPosition();
    await this.until(() => {
      return this.position !== undefined && comparePositions(this.position, target) >= 0;
    });
  }

  kinds(): string[] {
    return this.messages.map(({ kind }) => kind);
  }

  /** The rows of a table as texts, ordered, to compare with `TestDatabase.rows`. */
  rows(table: string): (string | null)[][] {
    const rows = [...(this.tables.get(table)?.values() ?? [])];
    return rows.map((row) => Object.values(row).map(asText)).sort(byFirst);
  }

  async #consume(from: StartFrom): Promise<void> {
    for await (const message of this.source.start(from)) {
      this.messages.push(message);
      const isChange = message.kind === 'transactions';
      this.#apply(message, isChange ? await eventsOf(message.group) : []);
      if (this.acknowledges && this.position) await this.source.acknowledge(this.position);
      this.#wake();
    }
  }

  #apply(message: SourceMessage, events: ChangeEvent[]): void {
    switch (message.kind) {
      case 'snapshot-rows': {
        const { rows, schema } = message;
        for (let row = 0; row < rows.length; row++) {
          const values = rows.row(row);
          const entries = schema.fields.map((field, i) => [field.name, values[i] ?? null] as const);
          this.#put(schema.table, Object.fromEntries(entries));
        }
        break;
      }
      case 'transactions': {
        for (const event of events) this.#change(event);
        this.events.push(...events);
        this.position = message.group.end;
        break;
      }
      case 'resync-rows':
        this.#compare(message);
        this.resyncs.push(message);
        break;
      case 'snapshot-end':
      case 'streaming':
      case 'heartbeat':
        this.position = message.position;
        break;
      default:
        break;
    }
  }

  /** Rows that are read beside the stream must be those that the stream has led to. */
  #compare({ schema, rows, later, range, position }: ResyncRows): void {
    const read = new Map<string, Row>();
    for (let row = 0; row < rows.length; row++) {
      const values = rows.row(row);
      const entries = schema.fields.map((field, i) => [field.name, values[i] ?? null] as const);
      const asRow = Object.fromEntries(entries);
      read.set(keyOf(asRow), asRow);
    }
    const { length } = this.violations;
    for (const event of later.flatMap((batch) => [...changeEvents(batch)]).sort(inOrder)) {
      this.#change(event, read);
    }
    // What the changes do outside of the range proves nothing.
    this.violations.length = length;
    const [after, through] = [range.after, range.through].map((bound) => bound?.row(0)[0]);
    const inRange = ([key]: readonly [string, Row]): boolean =>
      (after === undefined || Number(key) > Number(after)) &&
      (through === undefined || Number(key) <= Number(through));
    const texts = (from: Map<string, Row>): string =>
      JSON.stringify(
        [...from]
          .filter(inRange)
          .map(([, row]) => Object.values(row).map(asText))
          .sort(),
      );
    const [found, wanted] = [texts(read), texts(this.#rowsOf(schema.table))];
    if (found === wanted && position.lsn === this.position?.lsn) return;
    this.violations.push(`rows read beside the stream: ${found}, not ${wanted}`);
  }

  #change(event: ChangeEvent, rows = this.#rowsOf(event.table)): void {
    if (event.op === 'truncate') return rows.clear();
    if (event.op === 'delete') {
      this.#remove(rows, event.before.kind === 'none' ? {} : event.before.values);
      return;
    }
    if (event.op === 'insert' && rows.has(keyOf(event.after.values))) {
      this.violations.push(`insert of ${keyOf(event.after.values)}, which is there`);
    }
    let stored: Row | undefined;
    if (event.op === 'update') {
      const old = event.before.kind === 'none' ? event.after.values : event.before.values;
      stored = rows.get(keyOf(old));
      this.#remove(rows, old);
    }
    const kept = event.after.unchanged.map((name) => [name, stored?.[name] ?? null] as const);
    const row = { ...event.after.values, ...Object.fromEntries(kept) };
    // In the order of the table's columns, as a query gives them.
    const names = Object.keys(stored ?? row);
    const ordered = [...new Set([...names, ...Object.keys(row)])];
    const changed = Object.fromEntries(ordered.map((name) => [name, row[name] ?? null]));
    rows.set(keyOf(changed), changed);
  }

  #remove(rows: Map<string, Row>, old: Row): void {
    if (!rows.delete(keyOf(old))) this.violations.push(`change of ${keyOf(old)}, not there`);
  }

  #put(table: TableName, row: Row): void {
    this.#rowsOf(table).set(keyOf(row), row);
  }

  #rowsOf(table: TableName): Map<string, Row> {
    const name = `${table.namespace}.${table.name}`;
    const rows = this.tables.get(name) ?? new Map<string, Row>();
    this.tables.set(name, rows);
    return rows;
  }

  #wake(): void {
    const met = this.#waiting.filter(({ isMet }) => this.#isDone || isMet());
    this.#waiting = this.#waiting.filter((each) => !met.includes(each));
    for (const { resolve } of met) resolve();
  }
}

/** The changes of a group in order; what is on disk is given back. */
async function eventsOf({ batches, spilled }: TransactionGroup): Promise<ChangeEvent[]> {
  const events = batches.flatMap((batch) => [...changeEvents(batch)]);
  for (const transaction of spilled) {
    for (const table of transaction.tables) {
      for await (const batch of table.batches()) events.push(...changeEvents(batch));
    }
    await transaction.release();
  }
  return events.sort(inOrder);
}

function keyOf(row: Row): string {
  return asText(row['id'] ?? null) ?? '';
}

function asText(value: FieldValue): string | null {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'object') throw new TypeError('use columns of simple types in these tests');
  return String(value);
}

function byFirst(a: readonly (string | null)[], b: readonly (string | null)[]): number {
  return Number(a[0]) - Number(b[0]);
}

function inOrder(a: ChangeEvent, b: ChangeEvent): number {
  if (a.transaction === 'snapshot' || b.transaction === 'snapshot') return 0;
  const order = comparePositions(a.transaction.commit, b.transaction.commit);
  return order === 0 ? a.ordinal - b.ordinal : order;
}
