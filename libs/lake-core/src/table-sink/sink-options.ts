import type { Clock, Logger, SpillSpace, TableName, UpkeepEvent } from '@cdc-demo/cdc-core';
import { DEFAULT_LAYOUT } from '../data-files/data-file-writer.ts';
import type { FileLayout } from '../data-files/data-file-writer.ts';
import type { SinkMode } from '../table-columns/table-columns.ts';

/** Attempts of one commit among other writers. */
const MAX_ATTEMPTS = 20;
const PLAN_BYTES = 16 * 1024 * 1024;

/** How tables are written, whatever their format. @typeParam U how they are looked after */
export interface SinkOptions<U> extends Partial<FileLayout> {
  /** `upsert` (default): rows by key with their newest values. `append`: every change as a row. */
  readonly mode?: SinkMode;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How often a commit is planned again after somebody else's; then the error is a conflict. */
  readonly maxAttempts?: number;
  /**
   * How the tables are looked after beside the commits, where it differs from the format's
   * `DEFAULT_UPKEEP`; `off` leaves it to somebody else.
   */
  readonly upkeep?: Partial<U> | 'off';
  /** Told of each task of upkeep; must not throw. */
  readonly onUpkeep?: (event: UpkeepEvent) => void;
  /**
   * Local disk for planning the changes of a transaction that did not fit into memory; without it
   * they are planned in memory.
   */
  readonly spill?: SpillSpace;
  /** Bytes of changes that are planned at a time when they are on disk; 16 MiB unless given. */
  readonly planBytes?: number;
}

/** The same for one table, with nothing left open. */
export interface SinkSettings<U> {
  readonly table: TableName;
  readonly mode: SinkMode;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly layout: FileLayout;
  readonly maxAttempts: number;
  readonly upkeep: U | 'off';
  readonly onUpkeep: (event: UpkeepEvent) => void;
  readonly spill: SpillSpace | 'none';
  readonly planBytes: number;
}

/** @param upkeep what the options leave out of it */
export function sinkSettings<U>(
  table: TableName,
  options: SinkOptions<U>,
  upkeep: U,
): SinkSettings<U> {
  const { mode = 'upsert', clock, logger, maxAttempts = MAX_ATTEMPTS } = options;
  const { spill = 'none', planBytes = PLAN_BYTES, onUpkeep = ignore } = options;
  const {
    compression = DEFAULT_LAYOUT.compression,
    targetFileBytes = DEFAULT_LAYOUT.targetFileBytes,
    targetFileRows = DEFAULT_LAYOUT.targetFileRows,
  } = options;
  return {
    table,
    mode,
    clock,
    logger,
    layout: { compression, targetFileBytes, targetFileRows },
    maxAttempts,
    upkeep: options.upkeep === 'off' ? 'off' : { ...upkeep, ...options.upkeep },
    onUpkeep,
    spill,
    planBytes,
  };
}

function ignore(): void {
  // Nobody wants to know.
}
