import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Health, HealthReport } from './health/health.ts';
import type { Metrics } from './metrics/metrics.ts';

export interface ObservabilityServer {
  /** `http://127.0.0.1:9400` */
  readonly url: string;
  close(): Promise<void>;
}

export interface ServeOptions {
  readonly metrics: Metrics;
  readonly health: Health;
  /** 0 for any free port. */
  readonly port: number;
  readonly host?: string;
}

/**
 * Serves `GET /metrics` (Prometheus text), `/healthz` and `/readyz` (JSON; 200, or 503 when not).
 * Nothing here changes anything.
 * @throws the system's error when the port is taken
 */
export async function serveObservability(options: ServeOptions): Promise<ObservabilityServer> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : new Error(String(error)));
    });
  });
  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, host, resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host}:${port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { metrics, health }: ServeOptions,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  switch (request.url?.split('?')[0]) {
    case '/metrics':
      response.writeHead(200, { 'content-type': metrics.contentType }).end(await metrics.text());
      return;
    case '/healthz':
      answerHealth(response, health.live());
      return;
    case '/readyz':
      answerHealth(response, health.ready());
      return;
    default:
      response.writeHead(404, { 'content-type': 'text/plain' }).end('/metrics /healthz /readyz\n');
  }
}

function answerHealth(response: ServerResponse, report: HealthReport): void {
  response
    .writeHead(report.ok ? 200 : 503, { 'content-type': 'application/json' })
    .end(`${JSON.stringify(report)}\n`);
}
