import type { ObjectStore } from '@cdc-demo/cdc-core';
import { vectorLocation } from '../deletion-vectors/read-deletion-vector.ts';
import type { Action, DeletionVectorDescriptor } from '../log/actions.ts';
import { logicalFileKey } from '../log/logical-file-key.ts';
import { readCheckpoint } from '../log/read-checkpoint.ts';
import { locateFile } from '../read/file-location.ts';
import { findLogSegment } from '../snapshot/log-segment.ts';
import { readCommits } from '../snapshot/open-snapshot.ts';

type FileAction = Extract<Action, { readonly add: unknown } | { readonly remove: unknown }>;

/**
 * Keys of the data files and deletion vectors that the newest version has, or that were removed at
 * `cutoffMs` or later: what the versions since then need. Read as a stream, so that memory holds
 * the keys alone.
 */
export async function referencedFiles(store: ObjectStore, cutoffMs: number): Promise<Set<string>> {
  const keys = new Set<string>();
  const { checkpoint, commits } = await findLogSegment(store);
  const latest = new Map<string, FileAction>();
  for await (const { actions, file } of readCommits(store, commits)) {
    for (const action of actions) {
      if ('add' in action) latest.set(logicalFileKey(action.add), action);
      else if ('remove' in action) latest.set(logicalFileKey(action.remove), action);
      else if ('cdc' in action && file.modifiedMs >= cutoffMs) noteFile(store, action.cdc, keys);
    }
  }
  const note = (action: FileAction): void => {
    if ('add' in action) noteFile(store, action.add, keys);
    // A tombstone without a time is taken to be new.
    else if ((action.remove.deletionTimestamp ?? cutoffMs) >= cutoffMs) {
      noteFile(store, action.remove, keys);
    }
  };
  for (const action of latest.values()) note(action);
  if (!checkpoint) return keys;
  for await (const actions of readCheckpoint(store, checkpoint)) {
    for (const action of actions) {
      if (!('add' in action || 'remove' in action)) continue;
      const file = 'add' in action ? action.add : action.remove;
      if (!latest.has(logicalFileKey(file))) note(action);
    }
  }
  return keys;
}

function noteFile(
  store: ObjectStore,
  file: { readonly path: string; readonly deletionVector?: DeletionVectorDescriptor },
  keys: Set<string>,
): void {
  const data = locateFile(store, file.path, (url) => ({ store, key: url.href }));
  keys.add(data.key);
  const { deletionVector } = file;
  if (!deletionVector || deletionVector.storageType === 'i') return;
  keys.add(vectorLocation(store, deletionVector, (url) => ({ store, key: url.href })).key);
}
