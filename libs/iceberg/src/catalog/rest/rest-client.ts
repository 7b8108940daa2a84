import type { Clock, Secret } from '@cdc-demo/cdc-core';
import { formatExactJson } from '@cdc-demo/lake-core';
import { AccessToken } from './access-token.ts';
import { parseCatalogConfig } from './catalog-config.ts';
import type { CatalogConfig } from './catalog-config.ts';
import { exchange } from './http-exchange.ts';
import type { Fetch, HttpRequest, Reply } from './http-exchange.ts';
import { replyError } from './reply-error.ts';
import { uuidV7 } from './uuid-v7.ts';

/** Attempts of one request, the first included. */
const MAX_ATTEMPTS = 5;
const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 5000;
const DEFAULT_TIMEOUT_MS = 60_000;
/** The service is there and did nothing: the same request may be sent again. */
const NOTHING_DONE: readonly number[] = [429, 503];
/** The service, or something before it, failed: perhaps after it was done. */
const UNKNOWN: readonly number[] = [500, 502, 504];
/** The token has run out or was never good. */
const TOKEN_REFUSED: readonly number[] = [401, 419];

export interface RestClientOptions {
  /** Of the service, without `/v1`. */
  readonly uri: string;
  /** Which one of the service's catalogs. */
  readonly warehouse?: string | undefined;
  /** `client:secret` for OAuth2's client credentials. */
  readonly credential?: Secret | undefined;
  /** A bearer token. */
  readonly token?: Secret | undefined;
  /** Of the token that is asked for; `catalog` unless given. */
  readonly scope?: string | undefined;
  /** Where tokens are given; the service's own `/v1/oauth/tokens` unless given. */
  readonly oauth2ServerUri?: string | undefined;
  /** Of all paths, where the service does not say it. */
  readonly prefix?: string | undefined;
  /** How long one request may take; a minute unless given. */
  readonly timeoutMs?: number | undefined;
  /** Sends every request; the global one unless given. */
  readonly fetch?: Fetch | undefined;
  readonly clock: Clock;
}

export interface RestCall {
  readonly method: 'GET' | 'POST';
  /** Behind the prefix. */
  readonly path: string;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Requests to one catalog service (REST catalog specification). */
export class RestClient {
  readonly uri: string;
  readonly #options: RestClientOptions;
  readonly #token: AccessToken;
  readonly #timeoutMs: number;
  #config: Promise<CatalogConfig> | undefined;

  constructor(options: RestClientOptions) {
    const { uri, clock, credential, token, scope = 'catalog', oauth2ServerUri } = options;
    this.#options = options;
    this.uri = uri.replace(/\/+$/, '');
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#token = new AccessToken({
      clock,
      timeoutMs: this.#timeoutMs,
      fetch: options.fetch,
      credential,
      token,
      scope,
      tokenUri: oauth2ServerUri ?? `${this.uri}/v1/oauth/tokens`,
    });
  }

  /** What the service says of itself; asked once. @throws as `replyError` */
  async config(): Promise<CatalogConfig> {
    const config = (this.#config ??= this.#loadConfig());
    try {
      return await config;
    } catch (error) {
      if (this.#config === config) this.#config = undefined;
      throw error;
    }
  }

  /**
   * Sends a request, and again what can be sent again: always where the service did nothing, and
   * where it may have done something only what changes nothing or has a key that makes it count
   * once.
   */
  async call({ method, path, body, headers = {} }: RestCall): Promise<Reply> {
    const { prefix, isIdempotent } = await this.config();
    const nowMs = this.#options.clock.nowMs();
    const own: Record<string, string> = { ...headers };
    if (method === 'POST' && isIdempotent) own['idempotency-key'] = uuidV7(nowMs);
    const request: HttpRequest = {
      url: [this.uri, 'v1', ...(prefix === '' ? [] : [prefix]), path].join('/'),
      method,
      headers: own,
      ...(body === undefined ? {} : { body: formatExactJson(body) }),
      timeoutMs: this.#timeoutMs,
    };
    return this.#repeat(request, method === 'GET' || isIdempotent);
  }

  async #loadConfig(): Promise<CatalogConfig> {
    const { warehouse, prefix } = this.#options;
    const query = warehouse === undefined ? '' : `?warehouse=${encodeURIComponent(warehouse)}`;
    const url = `${this.uri}/v1/config${query}`;
    const timeoutMs = this.#timeoutMs;
    const reply = await this.#repeat({ url, method: 'GET', headers: {}, timeoutMs }, true);
    if (reply.kind === 'answer' && reply.status === 200) {
      return parseCatalogConfig(reply.text, prefix === undefined ? {} : { prefix });
    }
    throw replyError(reply, { what: 'its configuration', uri: this.uri });
  }

  async #repeat(request: HttpRequest, mayRepeat: boolean): Promise<Reply> {
    let isRenewed = false;
    for (let attempt = 1; ; attempt++) {
      const reply = await this.#send(request);
      const status = reply.kind === 'answer' ? reply.status : undefined;
      if (status !== undefined && TOKEN_REFUSED.includes(status)) {
        if (isRenewed || !this.#token.isRenewable) return reply;
        isRenewed = true;
        this.#token.renew();
        continue;
      }
      if (attempt === MAX_ATTEMPTS || !isTransient(reply, mayRepeat)) return reply;
      await this.#options.clock.sleep(delayMs(reply, attempt));
    }
  }

  async #send(request: HttpRequest): Promise<Reply> {
    const headers: Record<string, string> = {
      accept: 'application/json',
      ...request.headers,
      ...(await this.#token.headers()),
    };
    if (request.body !== undefined) headers['content-type'] = 'application/json';
    return exchange({ ...request, headers, fetch: this.#options.fetch });
  }
}

function isTransient(reply: Reply, mayRepeat: boolean): boolean {
  switch (reply.kind) {
    case 'unsent':
      return true;
    case 'lost':
      return mayRepeat;
    case 'answer':
      return NOTHING_DONE.includes(reply.status) || (mayRepeat && UNKNOWN.includes(reply.status));
  }
}

function delayMs(reply: Reply, attempt: number): number {
  const asked = reply.kind === 'answer' ? reply.retryAfterMs : undefined;
  return Math.min(MAX_DELAY_MS, asked ?? FIRST_DELAY_MS * 2 ** (attempt - 1));
}
