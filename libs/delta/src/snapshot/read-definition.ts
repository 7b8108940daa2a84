import type { ObjectStore } from '@cdc-demo/cdc-core';
import { columnMappingMode } from '../schema/column-mapping.ts';
import type { ColumnMappingMode } from '../schema/column-mapping.ts';
import { readCommits } from './open-snapshot.ts';
import { replayLog } from './replay-log.ts';
import { TableState } from './table-state.ts';
import type { Definition } from './table-state.ts';

/** A table's definition at a version. */
export interface VersionDefinition extends Definition {
  readonly version: bigint;
  readonly columnMapping: ColumnMappingMode;
}

/**
 * Protocol, metadata and schema of a version, by default the newest; its files are left out.
 * @throws as `openSnapshot`
 */
export async function readDefinition(
  store: ObjectStore,
  version?: bigint,
): Promise<VersionDefinition> {
  return replayLog(store, version, async (segment) => {
    const state = new TableState();
    for await (const actions of segment.checkpointActions('definition')) {
      for (const action of actions) state.apply(action);
    }
    for await (const { actions } of readCommits(store, segment.replay)) {
      for (const action of actions) {
        if ('protocol' in action || 'metaData' in action) state.apply(action);
      }
    }
    return withVersion(state.definition(), segment.version);
  });
}

export function withVersion(definition: Definition, version: bigint): VersionDefinition {
  const columnMapping = columnMappingMode(definition.protocol, definition.metadata);
  return { ...definition, version, columnMapping };
}
