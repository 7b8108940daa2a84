import { IcebergError } from '../errors.ts';
import type { MetadataUpdate } from '../catalog/metadata-update.ts';
import type { TableMetadata } from '../metadata/table-metadata.ts';
import type { TableCommits } from './table-commits.ts';

/** Attempts of one commit among other writers. */
export const MAX_ATTEMPTS = 20;

/**
 * Tries until an attempt is no undefined, which says that somebody else has the version; each one
 * meets the newest version.
 * @throws IcebergError `iceberg/conflict`
 */
export async function untilCommitted<T>(
  commits: TableCommits,
  attempt: () => Promise<T | undefined>,
): Promise<T> {
  for (let i = 0; i < MAX_ATTEMPTS; i++) {
    await commits.update();
    const done = await attempt();
    if (done !== undefined) return done;
  }
  throw conflict(commits.version.metadata.location);
}

/**
 * Changes a table's metadata alone.
 * @param updatesFor what to change in the newest version; no commit is made for an empty list
 */
export async function changeMetadata(
  commits: TableCommits,
  updatesFor: (metadata: TableMetadata) => readonly MetadataUpdate[],
): Promise<void> {
  await untilCommitted(commits, async () => {
    const updates = updatesFor(commits.version.metadata);
    const isDone = updates.length === 0 || (await commits.change(updates));
    return isDone || undefined;
  });
}

export function conflict(location: string): IcebergError {
  const message = `Other writers took every version of ${location}`;
  return new IcebergError('iceberg/conflict', message, {
    context: { location, attempts: MAX_ATTEMPTS },
  });
}
