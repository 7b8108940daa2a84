import { isCdcError } from '@cdc-demo/cdc-core';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import { isDeltaError } from '../errors.ts';
import type { Action } from '../log/actions.ts';
import type { CheckpointFiles } from '../log/log-listing.ts';
import { readCheckpoint } from '../log/read-checkpoint.ts';
import { findLogSegment } from './log-segment.ts';
import type { LogSegment } from './log-segment.ts';

/** A log segment whose checkpoint is read through `checkpointActions`. */
export interface ReadableSegment extends LogSegment {
  /** The actions of the checkpoint; none without one. */
  checkpointActions(
    what?: 'everything' | 'definition',
  ): AsyncGenerator<readonly Action[], void, undefined>;
}

/**
 * What `read` makes of the log up to a version. A checkpoint stands for commits: where it cannot be
 * read and the log is whole without it, `read` is called again with an older one, or with none.
 * @throws as `findLogSegment` and `read`
 */
export async function replayLog<T>(
  store: ObjectStore,
  version: bigint | undefined,
  read: (segment: ReadableSegment) => Promise<T>,
): Promise<T> {
  const unreadable: CheckpointFiles[] = [];
  let segment = await findLogSegment(store, version);
  for (;;) {
    try {
      return await read(readable(store, segment));
    } catch (error) {
      if (!(error instanceof UnreadableCheckpoint) || !segment.checkpoint) throw error;
      unreadable.push(segment.checkpoint);
      // The same version: without its checkpoints a log may seem to end earlier.
      segment = await segmentWithout(store, { version: segment.version, unreadable, error });
    }
  }
}

/** Tells errors of a checkpoint from those of commits. */
class UnreadableCheckpoint extends Error {}

function readable(store: ObjectStore, segment: LogSegment): ReadableSegment {
  return {
    ...segment,
    async *checkpointActions(what) {
      if (!segment.checkpoint) return;
      try {
        yield* readCheckpoint(store, segment.checkpoint, what);
      } catch (cause) {
        if (!isDamage(cause)) throw cause;
        throw new UnreadableCheckpoint('The checkpoint cannot be read', { cause });
      }
    },
  };
}

/** Damage stays; whatever else went wrong may not. */
function isDamage(error: unknown): boolean {
  const isLost =
    isDeltaError(error, 'delta/file-missing') || isDeltaError(error, 'delta/log-corrupt');
  return isLost || (isCdcError(error) && error.code.startsWith('lake/'));
}

/** @throws what was wrong with the checkpoint when the log is not whole without it */
async function segmentWithout(
  store: ObjectStore,
  at: {
    readonly version: bigint;
    readonly unreadable: readonly CheckpointFiles[];
    readonly error: UnreadableCheckpoint;
  },
): Promise<LogSegment> {
  try {
    return await findLogSegment(store, at.version, at.unreadable);
  } catch (error) {
    const isNotWhole =
      isDeltaError(error, 'delta/log-gap') || isDeltaError(error, 'delta/version-missing');
    throw isNotWhole || isDeltaError(error, 'delta/not-a-table') ? at.error.cause : error;
  }
}
