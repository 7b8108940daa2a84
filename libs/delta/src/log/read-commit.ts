import type { ObjectStore } from '@cdc-demo/cdc-core';
import { DeltaError } from '../errors.ts';
import type { Action, CommitInfo } from './actions.ts';
import { parseAction } from './parse-action.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * The actions of a commit, a JSON checkpoint or a log compaction file, in order.
 * @returns undefined when there is no such file
 * @throws DeltaError `delta/log-corrupt` with the number of the line
 */
export async function readActions(store: ObjectStore, key: string): Promise<Action[] | undefined> {
  const body = await store.get(key);
  return body && parseActions(body, key);
}

/** @throws DeltaError `delta/log-corrupt` */
export function parseActions(body: Uint8Array, key: string): Action[] {
  const actions: Action[] = [];
  let number = 0;
  try {
    for (const line of decoder.decode(body).split('\n')) {
      number++;
      if (line.trim() === '') continue;
      const action = parseAction(line);
      if (action) actions.push(action);
    }
  } catch (cause) {
    const what = cause instanceof Error ? cause.message : String(cause);
    // The message of a JSON error quotes the text, which may hold values of rows.
    const reason = cause instanceof SyntaxError ? 'it is no JSON' : what;
    throw new DeltaError('delta/log-corrupt', `${key}, line ${number}: ${reason}`, {
      context: { key, line: number },
      ...(cause instanceof SyntaxError ? {} : { cause }),
    });
  }
  return actions;
}

/** The commit's provenance, wherever in the commit it stands. */
export function commitInfoOf(actions: readonly Action[]): CommitInfo | undefined {
  for (const action of actions) if ('commitInfo' in action) return action.commitInfo;
  return undefined;
}
