import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** What becomes of one request of the chosen kind. */
export type ProxyFault =
  /** Done by the server, and answered with another status. */
  | { readonly after: number }
  /** Done by the server, and the connection is cut. */
  | { readonly after: 'drop' }
  /** Answered without the server. */
  | { readonly before: number }
  /** The connection is cut before the server hears of it. */
  | { readonly before: 'drop' };

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Stands before a catalog and gives the answers that a test wants. */
export class CatalogProxy implements AsyncDisposable {
  readonly requests: SeenRequest[] = [];
  readonly #target: string;
  readonly #server: Server;
  #faults: ProxyFault[] = [];
  #matches: (request: SeenRequest) => boolean = isCommit;
  #answers: (request: SeenRequest, text: string) => string = (_request, text) => text;

  private constructor(target: string) {
    this.#target = target;
    this.#server = createServer((request, response) => void this.#handle(request, response));
  }

  static async start(target: string): Promise<CatalogProxy> {
    const proxy = new CatalogProxy(target);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get uri(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** For the next requests that `matches`, commits unless given, one fault each. */
  fail(faults: readonly ProxyFault[], matches = isCommit): void {
    this.#faults = [...faults];
    this.#matches = matches;
  }

  /** Changes what the catalog answers. */
  rewrite(answers: (request: SeenRequest, text: string) => string): void {
    this.#answers = answers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const bytes = await buffer(request);
    const seen = { method, url, headers, body: bytes.toString('utf8') };
    this.requests.push(seen);
    const fault = this.#matches(seen) ? this.#faults.shift() : undefined;
    if (fault && 'before' in fault) return end(response, fault.before);
    const answer = await fetch(`${this.#target}${url}`, {
      method,
      headers: { 'content-type': headers['content-type'] ?? 'application/json' },
      ...(method === 'POST' ? { body: seen.body } : {}),
    });
    const text = this.#answers(seen, await answer.text());
    if (fault) return end(response, fault.after);
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(text);
  }
}

export function isCommit({ method, url }: SeenRequest): boolean {
  return method === 'POST' && /\/tables\/[^/]+$/.test(url);
}

function end(response: ServerResponse, how: number | 'drop'): void {
  if (how === 'drop') response.destroy();
  else response.writeHead(how, { 'content-type': 'text/html' }).end('<html>a proxy</html>');
}
