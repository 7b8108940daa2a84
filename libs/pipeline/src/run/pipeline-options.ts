import type {
  Clock,
  ObjectStore,
  PipelineObserver,
  Sink,
  Source,
  TableName,
} from '@cdc-demo/cdc-core';
import type { CommitLimits } from '../batching/batch.ts';
import type { RetryLimits } from './retry.ts';

/** Everything a pipeline needs, wired by an application. */
export interface PipelineOptions {
  /** Names the pipeline in its tables; never changes in its life. */
  readonly id: string;
  readonly tables: readonly TableName[];
  /**
   * A new source for each attempt; sources are not reused after a failure. Once this run owns the
   * pipeline (`isOwner`) it may end whatever connection still follows the source for it.
   */
  readonly source: (isOwner: boolean) => Source;
  /** A new sink for each attempt. */
  readonly sink: () => Sink;
  /** The pipeline's state folder. */
  readonly state: ObjectStore;
  /** `initial`: begin with the rows that are there. `never`: only with what changes from now on. */
  readonly snapshot: 'initial' | 'never';
  readonly commit: CommitLimits;
  readonly retry: RetryLimits;
  /** `fail`: an error before the source was reached for the first time ends the run. */
  readonly firstContact: 'retry' | 'fail';
  /** At most this often a quiet pipeline records how far the source has come. */
  readonly heartbeatIntervalMs: number;
  /** `caught-up`: end when everything that was committed at the start is durable downstream. */
  readonly until: 'stopped' | 'caught-up';
  readonly clock: Clock;
  /** A unique text at each call. */
  readonly newId: () => string;
  readonly observer: PipelineObserver;
}
