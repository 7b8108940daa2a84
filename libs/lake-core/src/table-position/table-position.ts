import { formatPosition, formatTableName, parsePosition } from '@cdc-demo/cdc-core';
import type { CommitPoint, Position, TableName } from '@cdc-demo/cdc-core';

/** What a table says of its contents and its writer; it rides in every commit. */
export interface TablePosition {
  readonly position: Position;
  readonly incarnation: number;
  readonly batch: number;
  readonly pipeline: string;
  /** `namespace.name` of the source table. */
  readonly source: string;
}

/** The text that tables keep. */
export function formatTablePosition(table: TableName, point: CommitPoint): string {
  return JSON.stringify({
    position: formatPosition(point.position),
    incarnation: point.incarnation,
    batch: point.batch,
    pipeline: point.pipeline,
    source: formatTableName(table),
  });
}

/** @throws SyntaxError, TypeError when the text is not what `formatTablePosition` gives */
export function parseTablePosition(text: string): TablePosition {
  const { position, incarnation, batch, pipeline, source } = JSON.parse(text) as Record<
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
    throw new TypeError('The position of a table has another form');
  }
  return { position: parsePosition(position), incarnation, batch, pipeline, source };
}
