import { silentLogger } from '@cdc-demo/cdc-core';
import type { Clock, Logger, SpillSpace, TableName } from '@cdc-demo/cdc-core';
import type { PostgresConnectionOptions } from '../connection/connection-target.ts';
import type { OutOfRange } from '../types/wire-value.ts';
import { defaultSlotName } from './slot.ts';

export interface PostgresSourceOptions {
  readonly connection: PostgresConnectionOptions;
  /** Names slot and publication, unless they are given. */
  readonly pipeline: string;
  readonly tables: readonly TableName[];
  readonly clock: Clock;
  readonly logger?: Logger;
  /** `cdc_demo_<pipeline>` unless given. */
  readonly slot?: string;
  /** The slot's name unless given. */
  readonly publication?: string;
  /** May the publication be made, or extended by tables, before a snapshot? Yes unless given. */
  readonly createPublication?: boolean;
  /** Publish stored generated columns, as Postgres 18 can; `none` unless given. */
  readonly generatedColumns?: 'none' | 'stored';
  /** Let standbys have a copy of the slot, to follow on after one was promoted; Postgres 17. */
  readonly failover?: boolean;
  /** End the connection that uses the slot, instead of refusing. */
  readonly takeOver?: boolean;
  /** Refuse tables without key (upsert mode). Yes unless given. */
  readonly requirePrimaryKey?: boolean;
  /** What becomes of a value that its field cannot hold; `stop` unless given. */
  readonly outOfRange?: OutOfRange;
  /** Tables and ranges of tables that the snapshot reads at the same time; 2 unless given. */
  readonly snapshotWorkers?: number;
  /**
   * Bytes of a table that the snapshot reads as one range where its key allows ranges, and what is
   * read again after a crash; 256 MiB unless given.
   */
  readonly snapshotRangeBytes?: number;
  /** Size of a snapshot's batches; 32 768 rows and 16 MiB unless given. */
  readonly rowsPerBatch?: number;
  readonly bytesPerBatch?: number;
  /** Bytes of changes that wait for the consumer before reading pauses; 32 MiB unless given. */
  readonly bufferBytes?: number;
  /** Bytes of one transaction's changes that are kept in memory; 32 MiB unless given. */
  readonly spillAfterBytes?: number;
  /**
   * Where the changes of a larger transaction wait for its COMMIT; without it such a transaction
   * stops the source.
   */
  readonly spill?: SpillSpace;
}

export type SourceSettings = Required<
  Omit<
    PostgresSourceOptions,
    'connection' | 'pipeline' | 'snapshotWorkers' | 'snapshotRangeBytes' | 'spill'
  >
> & {
  readonly workers: number;
  readonly rangeBytes: number;
  readonly spill: SpillSpace | 'none';
};

const MIB = 1024 * 1024;

export function sourceSettings(options: PostgresSourceOptions): SourceSettings {
  const slot = options.slot ?? defaultSlotName(options.pipeline);
  return {
    tables: options.tables,
    clock: options.clock,
    logger: options.logger ?? silentLogger,
    slot,
    publication: options.publication ?? slot,
    createPublication: options.createPublication ?? true,
    generatedColumns: options.generatedColumns ?? 'none',
    failover: options.failover ?? false,
    takeOver: options.takeOver ?? false,
    requirePrimaryKey: options.requirePrimaryKey ?? true,
    outOfRange: options.outOfRange ?? 'stop',
    workers: options.snapshotWorkers ?? 2,
    rangeBytes: options.snapshotRangeBytes ?? 256 * MIB,
    rowsPerBatch: options.rowsPerBatch ?? 32_768,
    bytesPerBatch: options.bytesPerBatch ?? 16 * MIB,
    bufferBytes: options.bufferBytes ?? 32 * MIB,
    spillAfterBytes: options.spillAfterBytes ?? 32 * MIB,
    spill: options.spill ?? 'none',
  };
}
