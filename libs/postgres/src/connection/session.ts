import type pg from 'pg';
import type { Query, Row } from '../catalog/query.ts';
import { WireSession } from '../wire/wire-session.ts';
import { connect } from './connect.ts';
import type { SessionKind } from './connect.ts';
import { queryError } from './connect-error.ts';
import type { ConnectionTarget } from './connection-target.ts';

/** One session for statements whose answers are small. Values come as texts and nulls. */
export class Session implements AsyncDisposable {
  readonly #client: pg.Client;
  #isTaken = false;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  /** @throws PostgresError */
  static async open(target: ConnectionTarget, kind?: SessionKind): Promise<Session> {
    return new Session(await connect(target, kind));
  }

  /** Runs one statement with parameters; not for a session that takes replication commands. */
  readonly query: Query = async (sql, params) => {
    try {
      const { rows } = await this.#client.query<Row>({
        text: sql,
        values: [...params],
        types: AS_TEXT,
      });
      return rows;
    } catch (cause) {
      throw queryError(cause, 'read the catalog');
    }
  };

  /**
   * Runs a statement or replication command without parameters.
   * @param doing what it is for, as in `Cannot <doing>: …`
   */
  async command(sql: string, doing: string): Promise<readonly Row[]> {
    try {
      type Result = pg.QueryResult<Row>;
      const result: Result | Result[] = await this.#client.query<Row>({
        text: sql,
        types: AS_TEXT,
      });
      // Several statements give several results; nobody asks for those.
      return Array.isArray(result) ? [] : result.rows;
    } catch (cause) {
      throw queryError(cause, doing);
    }
  }

  /** Gives the connection away for COPY; this session must not be used any more. */
  takeWire(): WireSession {
    this.#isTaken = true;
    return new WireSession(this.#client);
  }

  /** Safe twice, and after the connection broke. */
  async close(): Promise<void> {
    if (this.#isTaken) return;
    this.#isTaken = true;
    await this.#client.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const AS_TEXT: pg.CustomTypesConfig = {
  getTypeParser: () => (value: string | Buffer) => value,
};
