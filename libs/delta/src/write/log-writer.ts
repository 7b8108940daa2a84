import { randomUUID } from 'node:crypto';
import type { Clock, ObjectStore } from '@cdc-demo/cdc-core';
import type { Action, Commit, CommitInfo } from '../log/actions.ts';
import { formatCommit } from '../log/format-action.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { ENGINE_INFO } from './engine-info.ts';
import { createLogEntry } from './log-entry.ts';

/** What one commit does, besides what every commit says of itself. */
export interface CommitRequest {
  readonly operation: string;
  readonly operationParameters?: NonNullable<CommitInfo['operationParameters']>;
  readonly operationMetrics?: Readonly<Record<string, number>>;
  readonly isBlindAppend: boolean;
  /** Everything but `commitInfo`. The files they name are durable already. */
  readonly actions: readonly Action[];
}

export type LogOutcome =
  | { readonly outcome: 'committed'; readonly commit: Commit }
  /** Another writer has the version: nothing was written. */
  | { readonly outcome: 'taken' };

/** Appends versions to the log of one table. */
export class LogWriter {
  readonly #store: ObjectStore;
  readonly #clock: Clock;

  constructor(store: ObjectStore, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /**
   * Creates the version after `snapshot`, or version 0 without one. `commitInfo` comes first, with
   * an in-commit timestamp above that of the version before (Delta protocol, "In-Commit
   * Timestamps").
   * @throws what the store throws, when the version is not in the log afterwards; it may still
   *   appear later
   */
  async commit(snapshot: Snapshot | undefined, request: CommitRequest): Promise<LogOutcome> {
    const version = snapshot ? snapshot.version + 1n : 0n;
    const nowMs = Math.floor(this.#clock.nowMs());
    const timestampMs = snapshot ? Math.max(nowMs, snapshot.timestampMs + 1) : nowMs;
    const txnId = randomUUID();
    const metrics = Object.entries(request.operationMetrics ?? {});
    const commitInfo: CommitInfo = {
      ...(hasCommitTimestamps(snapshot) ? { inCommitTimestamp: timestampMs } : {}),
      timestamp: timestampMs,
      operation: request.operation,
      operationParameters: request.operationParameters ?? {},
      ...(snapshot ? { readVersion: Number(snapshot.version) } : {}),
      isolationLevel: 'Serializable',
      isBlindAppend: request.isBlindAppend,
      operationMetrics: Object.fromEntries(metrics.map(([name, n]) => [name, String(n)])),
      engineInfo: ENGINE_INFO,
      txnId,
    };
    const dated = request.actions.map((action) => withTime(action, timestampMs));
    const actions: Action[] = [{ commitInfo }, ...dated];
    assertOncePerPath(actions);
    const entry = formatCommit(actions);
    const outcome = await createLogEntry(this.#store, version, { entry, txnId });
    if (outcome === 'taken') return { outcome };
    return { outcome, commit: { version, timestampMs, actions } };
  }
}

/** New tables have them; older ones where they were switched on. */
function hasCommitTimestamps(snapshot: Snapshot | undefined): boolean {
  if (!snapshot) return true;
  return snapshot.metadata.configuration['delta.enableInCommitTimestamps'] === 'true';
}

/**
 * A file is removed when the commit is made, not when it is prepared: between the two lies as long
 * as a process may be stopped, and VACUUM counts from there.
 */
function withTime(action: Action, deletionTimestamp: number): Action {
  if (!('remove' in action) || action.remove.deletionTimestamp !== undefined) return action;
  return { remove: { ...action.remove, deletionTimestamp } };
}

/**
 * One `add` and one `remove` per path, one `metaData`, one `protocol`, one `txn` per application,
 * one `domainMetadata` per domain (Delta protocol, "Delta Log Entries").
 */
function assertOncePerPath(actions: readonly Action[]): void {
  const seen = new Set<string>();
  for (const action of actions) {
    const key = identity(action);
    if (seen.has(key)) throw new Error(`A commit has ${key} twice`);
    seen.add(key);
  }
}

function identity(action: Action): string {
  if ('add' in action) return `add ${action.add.path}`;
  if ('remove' in action) return `remove ${action.remove.path}`;
  if ('cdc' in action) return `cdc ${action.cdc.path}`;
  if ('txn' in action) return `txn ${action.txn.appId}`;
  if ('domainMetadata' in action) return `domainMetadata ${action.domainMetadata.domain}`;
  return Object.keys(action)[0] ?? '';
}
