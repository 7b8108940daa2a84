import { formatPosition, formatTableName, parsePosition } from '@cdc-demo/cdc-core';
import type { CommitPoint, Position, TableName } from '@cdc-demo/cdc-core';
import type { Action, DomainMetadata } from '../log/actions.ts';

export const POSITION_DOMAIN = 'cdc-demo.position';

/** What a table says of its contents and its writer; it rides in every commit. */
export interface TablePosition {
  readonly position: Position;
  readonly incarnation: number;
  readonly batch: number;
  readonly pipeline: string;
  /** `namespace.name` of the source table. */
  readonly source: string;
}

/** @throws SyntaxError, TypeError when the configuration is not what `positionActions` writes */
export function parseTablePosition({ configuration }: DomainMetadata): TablePosition {
  const { position, incarnation, batch, pipeline, source } = JSON.parse(configuration) as Record<
    string,
    unknown
  >;
  if (
    typeof position !== 'string' ||
    typeof incarnation !== 'number' ||
    typeof batch !== 'number' ||
    typeof pipeline !== 'string' ||
    typeof source !== 'string'
  ) {
    throw new TypeError(`The domain ${POSITION_DOMAIN} has another form`);
  }
  return { position: parsePosition(position), incarnation, batch, pipeline, source };
}

/** The two actions that make a commit count once: `txn` and the position's domain. */
export function positionActions(table: TableName, point: CommitPoint, nowMs: number): Action[] {
  const source = formatTableName(table);
  const configuration = {
    position: formatPosition(point.position),
    incarnation: point.incarnation,
    batch: point.batch,
    pipeline: point.pipeline,
    source,
  };
  const version = BigInt(point.batch);
  return [
    { txn: { appId: `cdc-demo/${point.pipeline}/${source}`, version, lastUpdated: nowMs } },
    {
      domainMetadata: {
        domain: POSITION_DOMAIN,
        configuration: JSON.stringify(configuration),
        removed: false,
      },
    },
  ];
}
