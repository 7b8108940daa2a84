import { Secret } from '@cdc-demo/cdc-core';
import type { Clock } from '@cdc-demo/cdc-core';
import { FieldReader, parseExactJson } from '@cdc-demo/lake-core';
import { IcebergError, orInvalid } from '../../errors.ts';
import { exchange } from './http-exchange.ts';
import type { Fetch, Reply } from './http-exchange.ts';
import { replyError } from './reply-error.ts';

/** A new token is fetched so long before the old one ends, or after nine tenths of its time. */
const EARLY_MS = 60_000;
const FORM = 'application/x-www-form-urlencoded';

export interface TokenOptions {
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly fetch?: Fetch | undefined;
  /** A bearer token that somebody else renews. */
  readonly token?: Secret | undefined;
  /** `client:secret`, or the secret alone. */
  readonly credential?: Secret | undefined;
  readonly scope: string;
  /** Where tokens are given for credentials. */
  readonly tokenUri: string;
}

/** The bearer token of a catalog's requests, by OAuth2's client credentials where it has those. */
export class AccessToken {
  readonly #options: TokenOptions;
  #current: Promise<Granted> | undefined;

  constructor(options: TokenOptions) {
    this.#options = options;
  }

  /** Can a token that the server refuses be replaced by another one? */
  get isRenewable(): boolean {
    return this.#options.credential !== undefined;
  }

  /** The header that a request takes; none without credentials. @throws as `replyError` */
  async headers(): Promise<Readonly<Record<string, string>>> {
    const token = await this.#token();
    return token ? { authorization: `Bearer ${token.reveal()}` } : {};
  }

  /** The next request fetches a new token. */
  renew(): void {
    this.#current = undefined;
  }

  async #token(): Promise<Secret | undefined> {
    const { credential, token, clock } = this.#options;
    if (!credential) return token;
    const current = await this.#current;
    if (current && clock.monotonicMs() < current.untilMs) return current.token;
    const granted = this.#granted(credential);
    this.#current = granted;
    try {
      return (await granted).token;
    } catch (error) {
      if (this.#current === granted) this.#current = undefined;
      throw error;
    }
  }

  async #granted(credential: Secret): Promise<Granted> {
    const { clock } = this.#options;
    const reply = await this.#request(credential);
    if (reply.kind !== 'answer' || reply.status !== 200) throw this.#refused(reply);
    return orInvalid('iceberg/catalog-answer-invalid', 'The token is not valid', () => {
      const answer = new FieldReader('token', parseExactJson(reply.text));
      const seconds = answer.optionalNumber('expires_in');
      const lifeMs = seconds === undefined ? Infinity : seconds * 1000;
      const untilMs = clock.monotonicMs() + Math.max(lifeMs - EARLY_MS, lifeMs * 0.9);
      return { token: new Secret(answer.string('access_token')), untilMs };
    });
  }

  #request(credential: Secret): Promise<Reply> {
    const { tokenUri: url, scope, timeoutMs, fetch } = this.#options;
    const text = credential.reveal();
    const at = text.indexOf(':');
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      ...(at < 0 ? {} : { client_id: text.slice(0, at) }),
      client_secret: text.slice(at + 1),
      scope,
    }).toString();
    const headers = { 'content-type': FORM, accept: 'application/json' };
    return exchange({ url, method: 'POST', headers, body, timeoutMs, fetch });
  }

  #refused(reply: Reply): IcebergError {
    const { tokenUri: uri } = this.#options;
    const isRefused = reply.kind === 'answer' && [400, 401, 403].includes(reply.status);
    if (!isRefused) return replyError(reply, { what: 'a token', uri });
    // The answer is not repeated: some servers tell what they were sent.
    const message = `${uri} gives no token for these credentials (HTTP ${reply.status})`;
    return new IcebergError('iceberg/catalog-unauthorized', message, { context: { uri } });
  }
}

interface Granted {
  readonly token: Secret;
  /** On the monotonic clock. */
  readonly untilMs: number;
}
