/** What became of one HTTP request. */
export type Reply =
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly text: string;
      /** How long the server asks to wait before the next attempt. */
      readonly retryAfterMs: number | undefined;
    }
  /** It never reached a server. */
  | { readonly kind: 'unsent'; readonly cause: unknown }
  /** It may have been carried out: no whole answer came. */
  | { readonly kind: 'lost'; readonly cause: unknown };

/** As the global `fetch`. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface HttpRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly timeoutMs: number;
  /** The global one unless given. */
  readonly fetch?: Fetch | undefined;
}

/** Errors of a connection that was never made. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'ERR_TLS_CERT_ALTNAME_INVALID',
]);

/** Sends a request once, and reads the whole answer. Redirects are not followed. */
export async function exchange(request: HttpRequest): Promise<Reply> {
  const { url, method, headers, body, timeoutMs, fetch = globalThis.fetch } = request;
  try {
    const response = await fetch(url, {
      method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    const retryAfterMs = secondsOf(response.headers.get('retry-after'));
    return { kind: 'answer', status: response.status, text, retryAfterMs };
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return { kind: UNSENT.has(codeOf(cause)) ? 'unsent' : 'lost', cause };
  }
}

/** What to say of a failed connection. */
export function describeCause(cause: unknown): string {
  const code = codeOf(cause);
  if (code !== '') return code;
  return cause instanceof Error ? cause.name : 'the connection failed';
}

function codeOf(cause: unknown): string {
  const isCoded = typeof cause === 'object' && cause !== null && 'code' in cause;
  return isCoded && typeof cause.code === 'string' ? cause.code : '';
}

function secondsOf(header: string | null): number | undefined {
  const seconds = header === null ? Number.NaN : Number(header);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
}
