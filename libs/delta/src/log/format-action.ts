import { formatExactJson } from '@cdc-demo/lake-core';
import type { Action } from './actions.ts';

/** An action as one line of a commit, without the line's end; the inverse of `parseAction`. */
export function formatAction(action: Action): string {
  return formatExactJson(action);
}

const encoder = new TextEncoder();

/** The body of a commit: one line an action, in their order. */
export function formatCommit(actions: readonly Action[]): Uint8Array {
  return encoder.encode(actions.map((action) => `${formatAction(action)}\n`).join(''));
}
