import type { Queries } from '@cdc-demo/cdc-testing';
import { Client } from 'pg';

/** A client that can be made anew when its session is gone. */
export class LastingClient implements Queries {
  readonly #url: string;
  #client: Client;

  private constructor(url: string, client: Client) {
    this.#url = url;
    this.#client = client;
  }

  static async connect(url: string): Promise<LastingClient> {
    return new LastingClient(url, await connected(url));
  }

  readonly query = ((...args: unknown[]) =>
    this.#client.query(...(args as [string]))) as Client['query'];

  /** Forgets the session, which the server has ended, for another one. */
  async reconnect(): Promise<void> {
    await this.#client.end();
    this.#client = await connected(this.#url);
  }

  end(): Promise<void> {
    return this.#client.end();
  }
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => {
    // The session is gone: the next query says so.
  });
  await client.connect();
  return client;
}
