import type { Query } from '../catalog/query.ts';
import { PostgresError } from '../errors.ts';
import type { ConnectionTarget } from './connection-target.ts';
import { Session } from './session.ts';

/** A session that is opened when it is needed, and once more when it was lost meanwhile. */
export class ControlSession {
  readonly #target: ConnectionTarget;
  #session: Promise<Session> | undefined;
  #isClosed = false;

  constructor(target: ConnectionTarget) {
    this.#target = target;
  }

  readonly query: Query = async (sql, params) => {
    const session = await this.session();
    try {
      return await session.query(sql, params);
    } catch (error) {
      if (!isLost(error) || this.#isClosed) throw error;
      this.#session = undefined;
      return await (await this.session()).query(sql, params);
    }
  };

  /** @throws PostgresError */
  session(): Promise<Session> {
    if (this.#isClosed) {
      return Promise.reject(
        new PostgresError('postgres/connection-lost', 'The connection was closed by us.'),
      );
    }
    this.#session ??= Session.open(this.#target).catch((error: unknown) => {
      this.#session = undefined;
      throw error;
    });
    return this.#session;
  }

  /** Safe twice. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const session = this.#session;
    this.#session = undefined;
    // A session that never opened has nothing to close.
    await session?.then(
      (open) => open.close(),
      () => undefined,
    );
  }
}

function isLost(error: unknown): boolean {
  return error instanceof PostgresError && error.code === 'postgres/connection-lost';
}
