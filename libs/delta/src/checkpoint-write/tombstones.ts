import type { ObjectStore } from '@cdc-demo/cdc-core';
import type { RemoveFile } from '../log/actions.ts';
import { logicalFileKey } from '../log/logical-file-key.ts';
import { readCheckpoint } from '../log/read-checkpoint.ts';
import { findLogSegment } from '../snapshot/log-segment.ts';
import { readCommits } from '../snapshot/open-snapshot.ts';

/**
 * The files that were removed by a version and not added again, without `stats` and `tags`, as its
 * checkpoint tells them. Read from the checkpoint before it and the commits since: a table that is
 * written every second has a million of them, which is too many to be kept in memory.
 * @param sinceMs those that were removed before are left out
 * @throws as `openSnapshot`
 */
export async function* readTombstones(
  store: ObjectStore,
  version: bigint,
  sinceMs: number,
): AsyncGenerator<RemoveFile, void, undefined> {
  const { checkpoint, commits } = await findLogSegment(store, version);
  const isKept = ({ deletionTimestamp = 0 }: RemoveFile): boolean => deletionTimestamp >= sinceMs;
  /** By logical file, what the commits say of it last. */
  const latest = new Map<string, RemoveFile | 'added'>();
  for await (const { actions } of readCommits(store, commits)) {
    for (const action of actions) {
      if ('add' in action) latest.set(logicalFileKey(action.add), 'added');
      else if ('remove' in action) latest.set(logicalFileKey(action.remove), action.remove);
    }
  }
  for (const remove of latest.values())
    if (remove !== 'added' && isKept(remove)) yield bare(remove);
  if (!checkpoint) return;
  for await (const actions of readCheckpoint(store, checkpoint, 'tombstones')) {
    for (const action of actions) {
      if (!('remove' in action) || !isKept(action.remove)) continue;
      if (!latest.has(logicalFileKey(action.remove))) yield bare(action.remove);
    }
  }
}

function bare({ stats: _stats, tags: _tags, ...tombstone }: RemoveFile): RemoveFile {
  return tombstone;
}
