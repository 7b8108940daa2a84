import { comparePositions } from '@cdc-demo/cdc-core';
import type { Position } from '@cdc-demo/cdc-core';
import { parseTablePosition } from '@cdc-demo/lake-core';
import { CommitHistory } from '../log/commit-history.ts';
import { listLog } from '../log/log-listing.ts';
import { readActions } from '../log/read-commit.ts';
import type { DeltaTable } from '../delta-table.ts';
import { POSITION_DOMAIN } from './table-position.ts';

/** A version of a table that a pipeline keeps, and what it holds of the source. */
export interface PositionedVersion {
  readonly version: bigint;
  readonly timestampMs: number;
  /** The version contains everything of the source before it. */
  readonly position: Position;
}

/**
 * The versions in which a pipeline moved a table on, the newest first; as far back as the log has
 * commits. Nothing for a table that no pipeline keeps.
 */
export async function* tablePositions(
  table: DeltaTable,
): AsyncGenerator<PositionedVersion, void, undefined> {
  const { commits } = await listLog(table.store);
  const history = new CommitHistory(table.store, commits);
  for (const { version, key } of commits.toReversed()) {
    const actions = (await readActions(table.store, key)) ?? [];
    for (const action of actions) {
      if (!('domainMetadata' in action)) continue;
      const { domainMetadata } = action;
      if (domainMetadata.domain !== POSITION_DOMAIN || domainMetadata.removed) continue;
      const { position } = parseTablePosition(domainMetadata.configuration);
      yield { version, timestampMs: history.timeMs(version, actions), position };
    }
  }
}

/**
 * The version that holds the source as of a position: the greatest with a position at or below it.
 * Undefined when the log has none.
 */
export async function versionAtPosition(
  table: DeltaTable,
  position: Position,
): Promise<PositionedVersion | undefined> {
  for await (const found of tablePositions(table)) {
    if (comparePositions(found.position, position) <= 0) return found;
  }
  return undefined;
}
