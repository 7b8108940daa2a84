import { once } from 'node:events';
import { createServer, request as send } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of a request. */
export type Fault =
  | 'none'
  /** The connection breaks; the service has not seen the request. */
  | 'lost-request'
  /** The connection breaks; the service has done what was asked. */
  | 'lost-answer'
  /** The connection breaks in the middle of the answer. */
  | 'half-answer'
  /** The service answers so, and does nothing. */
  | { readonly status: number; readonly code: string };

/** Passes requests on to an HTTP service and has some of them fail. */
export class FaultProxy implements AsyncDisposable {
  /** By method and URL, for each request. */
  fault: (method: string, url: string) => Fault = () => 'none';
  readonly #server: Server;
  readonly #target: URL;

  private constructor(target: string) {
    this.#target = new URL(target);
    this.#server = createServer((request, response) => void this.#handle(request, response));
  }

  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const fault = this.fault(method, url);
    const body = await bytesOf(request);
    if (fault === 'lost-request') return void request.socket.destroy();
    if (typeof fault === 'object') {
      response.writeHead(fault.status, { 'content-type': 'application/xml' });
      response.end(`<Error><Code>${fault.code}</Code><Message>injected</Message></Error>`);
      return;
    }
    const { hostname, port } = this.#target;
    const forwarded = send({ hostname, port, method, path: url, headers: request.headers });
    forwarded.end(body);
    const [answer] = (await once(forwarded, 'response')) as [IncomingMessage];
    const found = await bytesOf(answer);
    if (fault === 'lost-answer') return void request.socket.destroy();
    response.writeHead(answer.statusCode ?? 500, answer.headers);
    if (fault === 'none') return void response.end(found);
    response.write(found.subarray(0, Math.floor(found.length / 2)), () => request.socket.destroy());
  }
}

async function bytesOf(stream: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
