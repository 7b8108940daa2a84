import type { ObjectStore, TableName } from '@cdc-demo/cdc-core';
import { z } from 'zod';

const FOLDER = 'signals/';

const signalJson = z.object({
  type: z.literal('resync'),
  table: z.object({ namespace: z.string().min(1), name: z.string().min(1) }),
});

/** Somebody asks a pipeline for something by a file in its state folder. */
export interface ResyncSignal {
  readonly key: string;
  /** `unreadable` when the file does not say. */
  readonly table: TableName | 'unreadable';
}

/**
 * Asks a pipeline to read the rows of a table again. A run takes it up within its heartbeat
 * interval, a pipeline that does not run when it starts.
 * @param id unique; of several signals for one table one reading comes, begun at the last
 */
export async function sendResync(state: ObjectStore, table: TableName, id: string): Promise<void> {
  const body = Buffer.from(`${JSON.stringify({ type: 'resync', table })}\n`);
  await state.putIfAbsent(`${FOLDER}${id}.json`, body);
}

/** What was asked and is not taken up; in no order. */
export async function readSignals(state: ObjectStore): Promise<readonly ResyncSignal[]> {
  const signals: ResyncSignal[] = [];
  for await (const { key } of state.list(FOLDER)) {
    const bytes = await state.get(key);
    if (bytes) signals.push({ key, table: parse(Buffer.from(bytes).toString('utf8')) });
  }
  return signals;
}

/** To be called when what a signal asks for is on record. */
export function removeSignal(state: ObjectStore, { key }: ResyncSignal): Promise<void> {
  return state.delete(key);
}

function parse(text: string): ResyncSignal['table'] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return 'unreadable';
  }
  const parsed = signalJson.safeParse(json);
  return parsed.success ? parsed.data.table : 'unreadable';
}
