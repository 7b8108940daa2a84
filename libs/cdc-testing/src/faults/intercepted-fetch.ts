import type { Around } from './port-call.ts';

type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** Requests to a catalog service that go through `around`. */
export function interceptedFetch(fetch: Fetch, around: Around): Fetch {
  return (url, init) => {
    const { method: operation = 'GET', body } = init;
    const call = { port: 'catalog', operation, key: new URL(url).pathname } as const;
    const sent = typeof body === 'string' ? { body: Buffer.from(body) } : {};
    return around({ ...call, ...sent }, () => fetch(url, init));
  };
}
