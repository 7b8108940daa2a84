import type { Client } from 'pg';
import { keyOf } from './row-text.ts';
import type { RowText } from './row-text.ts';
import type { RecordedChange, RecordedTable, SourceRecord } from './source-record.ts';

/** A session, or what takes its place when it is gone. */
export type Queries = Pick<Client, 'query'>;

/**
 * The source's own record of what happened to tables: row triggers write old and new row with
 * `txid_current()`, and a logical slot of its own says where each transaction's COMMIT ends. It is
 * independent of what is tested. Rolled back work leaves no trace, as in the tables.
 */
export class SourceHistory implements SourceRecord {
  readonly tables: readonly RecordedTable[];
  readonly #client: Queries;
  readonly #slot: string;
  readonly #initial = new Map<string, ReadonlyMap<string, RowText>>();
  readonly #changes: RecordedChange[] = [];

  private constructor(client: Queries, tables: readonly RecordedTable[], slot: string) {
    this.#client = client;
    this.tables = tables;
    this.#slot = slot;
  }

  /**
   * Records from now on; nothing else may write to the tables before this resolves. Several
   * databases of a server need slots of different names.
   */
  static async record(
    client: Queries,
    tables: readonly RecordedTable[],
    slot = 'recorded_history',
  ): Promise<SourceHistory> {
    const history = new SourceHistory(client, tables, slot);
    await client.query(`
      CREATE TABLE recorded_change (
        ordinal bigserial, xid bigint NOT NULL DEFAULT txid_current(),
        table_name text NOT NULL, op text NOT NULL, before text, after text);
      CREATE INDEX ON recorded_change (xid);
      CREATE PUBLICATION recorded_history FOR TABLE recorded_change`);
    await client.query(`SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`);
    for (const table of tables) {
      await client.query(triggers(table));
      history.#initial.set(table.name, await history.rows(table));
    }
    return history;
  }

  /** The rows of a table when its history begins, by key. */
  initial(table: RecordedTable): ReadonlyMap<string, RowText> {
    return this.#initial.get(table.name) ?? new Map();
  }

  /** The rows of a table now, by key. */
  async rows(table: RecordedTable): Promise<Map<string, RowText>> {
    const { rows } = await this.#client.query<{ row: string }>(
      `SELECT ${rowAsJson(table, 't')} AS row FROM ${table.name} t`,
    );
    return new Map(rows.map(({ row }) => [keyOf(row, table.key), normalRow(row, table)]));
  }

  /**
   * Everything that was committed so far, in commit order and within a transaction in the order it
   * happened.
   */
  async read(): Promise<readonly RecordedChange[]> {
    const ends = await this.#commitEnds();
    const { rows } = await this.#client.query<{
      xid: string;
      table_name: string;
      op: RecordedChange['op'];
      before: string | null;
      after: string | null;
    }>(
      `SELECT xid, table_name, op, before, after FROM recorded_change
       WHERE xid & 4294967295 = ANY($1::bigint[]) ORDER BY ordinal`,
      [[...ends.keys()]],
    );
    const added = rows.map(({ xid, table_name, op, before, after }): RecordedChange => {
      const endLsn = ends.get(Number(BigInt(xid) & 0xffffffffn)) ?? 0n;
      const table = this.tables.find(({ name }) => name === table_name);
      const normal = (row: string | null): string | null => row && normalRow(row, table);
      return { table: table_name, op, before: normal(before), after: normal(after), endLsn };
    });
    // Stable: changes of one transaction keep their order.
    added.sort((a, b) => (a.endLsn < b.endLsn ? -1 : a.endLsn > b.endLsn ? 1 : 0));
    this.#changes.push(...added);
    return this.#changes;
  }

  /** Removes the slot, which otherwise keeps the server's log. */
  async drop(): Promise<void> {
    await this.#client.query('SELECT pg_drop_replication_slot($1)', [this.#slot]);
  }

  /** End of COMMIT by 32-bit transaction id, of the transactions since the last call. */
  async #commitEnds(): Promise<Map<number, bigint>> {
    const { rows } = await this.#client.query<{ xid: string; data: Buffer }>(
      `SELECT xid::text, data FROM pg_logical_slot_get_binary_changes('${this.#slot}', NULL, NULL,
         'proto_version', '1', 'publication_names', 'recorded_history')
       WHERE get_byte(data, 0) = ascii('C')`,
    );
    // Commit: 'C', flags (1 byte), LSN of the commit (8), end LSN of the transaction (8), time (8).
    return new Map(rows.map(({ xid, data }) => [Number(xid), data.readBigUInt64BE(10)]));
  }
}

/** JSON as `JSON.stringify` writes it, so that two writers' spaces do not differ. */
export function normalRow(row: RowText, table?: Pick<RecordedTable, 'later'>): RowText {
  const values = JSON.parse(row) as Record<string, unknown>;
  for (const name of table?.later ?? []) {
    if (values[name] === null) Reflect.deleteProperty(values, name);
  }
  return JSON.stringify(values);
}

/** A row of `table`, aliased `alias`, as one JSON object in SQL. */
function rowAsJson({ columns }: RecordedTable, alias: string): string {
  const members = Object.entries(columns).map(
    ([name, value]) => `'${name}', ${value.replaceAll('$', alias)}`,
  );
  return `json_build_object(${members.join(', ')})::text`;
}

function triggers(table: RecordedTable): string {
  const { name } = table;
  return `
    CREATE FUNCTION record_${name}() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
      INSERT INTO recorded_change (table_name, op, before, after) VALUES ('${name}', TG_OP,
        CASE WHEN TG_LEVEL = 'ROW' AND TG_OP <> 'INSERT' THEN ${rowAsJson(table, 'OLD')} END,
        CASE WHEN TG_LEVEL = 'ROW' AND TG_OP <> 'DELETE' THEN ${rowAsJson(table, 'NEW')} END);
      RETURN NULL;
    END $body$;
    CREATE TRIGGER record_row AFTER INSERT OR UPDATE OR DELETE ON ${name}
      FOR EACH ROW EXECUTE FUNCTION record_${name}();
    CREATE TRIGGER record_truncate AFTER TRUNCATE ON ${name}
      FOR EACH STATEMENT EXECUTE FUNCTION record_${name}()`;
}
