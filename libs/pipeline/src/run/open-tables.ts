import { comparePositions, formatTableName } from '@cdc-demo/cdc-core';
import type { OpenOutcome, Position, Sink, TableName, TableSink, Writer } from '@cdc-demo/cdc-core';
import { PipelineError } from '../errors.ts';

export interface OpenTable {
  readonly table: TableName;
  readonly sink: TableSink;
  readonly outcome: OpenOutcome;
}

/** The tables of one attempt, by source table. */
export class OpenTables {
  readonly all: readonly OpenTable[];
  readonly #byName: ReadonlyMap<string, OpenTable>;

  constructor(tables: readonly OpenTable[]) {
    this.all = tables;
    this.#byName = new Map(tables.map((open) => [formatTableName(open.table), open]));
  }

  /** Did the table not exist when it was opened? */
  isMissing(table: TableName): boolean {
    return this.#byName.get(formatTableName(table))?.outcome.outcome === 'missing';
  }

  has(table: TableName): boolean {
    return this.#byName.has(formatTableName(table));
  }

  /** The greatest position of `position` and those that the tables had when they were opened. */
  furthest(position: Position): Position {
    return this.all.reduce((furthest, { outcome }) => {
      const isFurther =
        outcome.outcome === 'opened' && comparePositions(outcome.position, furthest) > 0;
      return isFurther ? outcome.position : furthest;
    }, position);
  }

  /** @throws Error for a table that was not opened: the source sent what nobody asked for */
  sink(table: TableName): TableSink {
    const open = this.#byName.get(formatTableName(table));
    if (!open) throw new Error(`Changes of ${formatTableName(table)}, which was not asked for`);
    return open.sink;
  }
}

/**
 * Opens every table.
 * @throws CdcError for a table that is refused, PipelineError `pipeline/fenced` for one that a
 *   later run has written
 */
export async function openTables(
  sink: Sink,
  tables: readonly TableName[],
  writer: Writer,
): Promise<OpenTables> {
  const opened = await Promise.all(
    tables.map(async (table) => {
      const tableSink = sink.table(table);
      return { table, sink: tableSink, outcome: await tableSink.open(writer) };
    }),
  );
  for (const { outcome } of opened) {
    if (outcome.outcome === 'refused') throw outcome.error;
    if (outcome.outcome === 'fenced') throw fenced(writer, outcome.incarnation);
  }
  return new OpenTables(opened);
}

/** The error of a run that is not the pipeline's owner any more. */
export function fenced(writer: Writer, incarnation: number): PipelineError {
  return new PipelineError(
    'pipeline/fenced',
    `Run ${writer.incarnation} of pipeline ${writer.pipeline} was replaced by run ${incarnation}`,
    { context: { pipeline: writer.pipeline, incarnation: writer.incarnation, owner: incarnation } },
  );
}
