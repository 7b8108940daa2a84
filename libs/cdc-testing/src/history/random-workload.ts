import { Client } from 'pg';

/** Numbers in [0, 1), the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Workload {
  /** Transactions that were committed so far. */
  readonly committed: number;
  /** Ends every client after its present transaction. */
  stop(): Promise<void>;
}

export interface WorkloadOptions {
  readonly url: string;
  readonly seed: number;
  readonly clients: number;
  /** Statements of one transaction, made from random numbers. */
  readonly statement: (random: () => number) => string;
  readonly statementsPerTransaction: number;
  /** Pause between two transactions of a client. */
  readonly pauseMs: number;
}

/**
 * Clients that change tables at the same time: transactions that interleave, some rolled back, some
 * with savepoints of which some are rolled back. A conflict between clients ends that transaction
 * only.
 */
export async function startWorkload(options: WorkloadOptions): Promise<Workload> {
  const stop = new AbortController();
  const state = { committed: 0 };
  const clients = await Promise.all(
    Array.from({ length: options.clients }, async () => {
      const client = new Client({ connectionString: options.url });
      await client.connect();
      return client;
    }),
  );
  const running = clients.map(async (client, i) => {
    const random = seededRandom(options.seed * 1000 + i);
    while (!stop.signal.aborted) {
      if (await transaction(client, options, random)) state.committed++;
      await new Promise((resolve) => setTimeout(resolve, options.pauseMs * random()));
    }
    await client.end();
  });
  return {
    get committed() {
      return state.committed;
    },
    async stop() {
      stop.abort();
      await Promise.all(running);
    },
  };
}

/** SQLSTATEs of two clients in each other's way: not the workload's fault. */
const CONFLICTS = new Set(['40P01', '40001', '23505', '55P03']);

async function transaction(
  client: Client,
  options: WorkloadOptions,
  random: () => number,
): Promise<boolean> {
  const count = 1 + Math.floor(random() * options.statementsPerTransaction);
  try {
    await client.query('BEGIN');
    for (let i = 0; i < count; i++) {
      const inSavepoint = random() < 0.2;
      if (inSavepoint) await client.query('SAVEPOINT s');
      await client.query(options.statement(random));
      if (inSavepoint && random() < 0.5) await client.query('ROLLBACK TO SAVEPOINT s');
    }
    const isKept = random() < 0.9;
    await client.query(isKept ? 'COMMIT' : 'ROLLBACK');
    return isKept;
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : '';
    if (!CONFLICTS.has(String(code))) throw error;
    await client.query('ROLLBACK');
    return false;
  }
}
