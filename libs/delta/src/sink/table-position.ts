import { formatTableName } from '@cdc-demo/cdc-core';
import type { CommitPoint, TableName } from '@cdc-demo/cdc-core';
import { formatTablePosition } from '@cdc-demo/lake-core';
import type { Action } from '../log/actions.ts';

export const POSITION_DOMAIN = 'cdc-demo.position';

/** The two actions that make a commit count once: `txn` and the position's domain. */
export function positionActions(table: TableName, point: CommitPoint, nowMs: number): Action[] {
  const appId = `cdc-demo/${point.pipeline}/${formatTableName(table)}`;
  const configuration = formatTablePosition(table, point);
  return [
    { txn: { appId, version: BigInt(point.batch), lastUpdated: nowMs } },
    { domainMetadata: { domain: POSITION_DOMAIN, configuration, removed: false } },
  ];
}
