import { randomUUID } from 'node:crypto';
import { comparePositions, formatPosition, formatTableName } from '@cdc-demo/cdc-core';
import type { Position, TableName } from '@cdc-demo/cdc-core';
import { DeltaTable, tablePositions } from '@cdc-demo/delta';
import type { PositionedVersion } from '@cdc-demo/delta';
import { IcebergTable, tablePositions as snapshotPositions } from '@cdc-demo/iceberg';
import { openObjectStore } from '@cdc-demo/object-store';
import { PipelineError, ProgressLog, stateLocation, systemClock } from '@cdc-demo/pipeline';
import type { PipelineConfig } from '@cdc-demo/pipeline';
import { catalogTables, tableLocation } from './destinations.ts';

/** Where a cut is wanted: the newest one at or before all that is given. */
export interface WantedCut {
  readonly position?: Position | undefined;
  /** Milliseconds since the epoch, by the clock that stamped the tables' commits. */
  readonly atMs?: number | undefined;
}

/** All tables of a pipeline as of one position of the source. */
export interface ConsistentCut {
  /** The tables contain everything before it, and nothing after. */
  readonly position: Position;
  readonly tables: readonly CutTable[];
  /** Tables whose rows are being read: no version of theirs belongs to a position yet. */
  readonly incomplete: readonly TableName[];
}

export interface CutTable extends PositionedVersion {
  readonly table: TableName;
  readonly location: string;
}

/**
 * Which version of each table belongs to one position of the source. Positions at which all tables
 * agree are those of the pipeline's commits, up to its newest progress record.
 * @throws PipelineError `pipeline/no-cut` when nothing is complete yet, or so far back
 */
export async function findCut(config: PipelineConfig, wanted: WantedCut): Promise<ConsistentCut> {
  const { position: complete, incomplete } = await progressOf(config);
  const names = new Set(incomplete.map(formatTableName));
  const whole = config.source.tables.filter((table) => !names.has(formatTableName(table)));
  if (whole.length === 0) throw noCut(config, 'the rows of all its tables are being read');
  const histories = await Promise.all(
    whole.map((table) => positionsOf(config, table, wanted.atMs)),
  );
  const bounds = [complete, ...(wanted.position ? [wanted.position] : [])];
  const later = histories.flatMap(({ afterTime }) => afterTime ?? []);
  const isWithin = ({ position }: PositionedVersion): boolean =>
    bounds.every((bound) => comparePositions(position, bound) <= 0) &&
    later.every((bound) => comparePositions(position, bound) < 0);
  const tables = histories.map(({ table, location, versions }): CutTable => {
    const found = versions.find(isWithin);
    if (!found) throw noCut(config, `the log of ${formatTableName(table)} does not go so far back`);
    return { table, location, ...found };
  });
  const position = tables
    .map((table) => table.position)
    .reduce((newest, each) => (comparePositions(each, newest) > 0 ? each : newest));
  return { position, tables, incomplete };
}

interface PositionHistory {
  readonly table: TableName;
  readonly location: string;
  /** The newest first; none later than the wanted time. */
  readonly versions: readonly PositionedVersion[];
  /** The position of the first version after the wanted time. */
  readonly afterTime: Position | undefined;
}

async function positionsOf(
  config: PipelineConfig,
  table: TableName,
  atMs = Infinity,
): Promise<PositionHistory> {
  const location = tableLocation(config.sink, table);
  const versions: PositionedVersion[] = [];
  let afterTime: Position | undefined;
  for await (const found of positionsAt(config, table)) {
    if (found.timestampMs > atMs) afterTime = found.position;
    else versions.push(found);
  }
  return { table, location, versions, afterTime };
}

/** What a table held, the newest first; the version of an Iceberg table is a snapshot's id. */
async function* positionsAt(
  { sink }: PipelineConfig,
  table: TableName,
): AsyncGenerator<PositionedVersion, void, undefined> {
  const location = tableLocation(sink, table);
  if (sink.type === 'delta') {
    yield* tablePositions(await DeltaTable.open(location));
    return;
  }
  const { catalog } = sink;
  const place =
    catalog.type === 'rest'
      ? catalogTables(sink, catalog, { clock: systemClock })(table)
      : location;
  for (const { snapshotId, ...found } of snapshotPositions(await IcebergTable.open(place))) {
    yield { ...found, version: snapshotId };
  }
}

/** Up to where every table is complete, but those that are being read. */
async function progressOf(
  config: PipelineConfig,
): Promise<Pick<ConsistentCut, 'position' | 'incomplete'>> {
  const progress = new ProgressLog(openObjectStore(stateLocation(config)), randomUUID);
  const record = await progress.peek();
  if (record?.stage.kind === 'streaming') {
    const { position } = record.stage;
    return { position, incomplete: record.resyncs.map(({ table }) => table) };
  }
  throw noCut(config, 'its first rows are not published yet');
}

function noCut({ id }: PipelineConfig, why: string): PipelineError {
  return new PipelineError('pipeline/no-cut', `Pipeline ${id} has no such cut: ${why}`, {
    context: { pipeline: id },
  });
}

/** The cut as the command line prints it. */
export function cutJson({ position, tables, incomplete }: ConsistentCut): object {
  return {
    position: formatPosition(position),
    tables: tables.map(({ table, location, version, timestampMs, position: held }) => ({
      table: formatTableName(table),
      location,
      version,
      position: formatPosition(held),
      timestamp: new Date(timestampMs).toISOString(),
    })),
    ...(incomplete.length === 0 ? {} : { incomplete: incomplete.map(formatTableName) }),
  };
}
