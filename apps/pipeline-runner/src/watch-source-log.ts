import type { CdcError, Clock, Logger, PipelineObserver } from '@cdc-demo/cdc-core';
import { PipelineError } from '@cdc-demo/pipeline';
import type { Pipeline, PostgresSourceConfig } from '@cdc-demo/pipeline';

/** How much log the source may keep for a pipeline, and what happens beyond. */
export type LogLimit = Pick<PostgresSourceConfig, 'maxRetainedBytes' | 'onMaxRetainedBytes'>;

export interface Watched {
  readonly id: string;
  readonly pipeline: Pick<Pipeline, 'state' | 'source'>;
  readonly observer: PipelineObserver;
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * Reports how far the source is ahead, while there is a slot that holds its log.
 * @returns when `done` is aborted, or with the error that ends the pipeline once the source keeps
 *   more than it may
 */
export async function watchSourceLog(
  watched: Watched,
  { intervalMs, limit }: { readonly intervalMs: number; readonly limit: LogLimit },
  done: AbortSignal,
): Promise<CdcError | undefined> {
  const { pipeline, observer, logger, clock } = watched;
  let isWarned = false;
  for (;;) {
    await clock.sleep(intervalMs, done);
    if (done.aborted) return undefined;
    if (pipeline.state !== 'streaming' || !pipeline.source) continue;
    try {
      const lag = await pipeline.source.lag();
      observer({ kind: 'lag', ...lag, ...limitOf(limit) });
      const error = exceeded(watched.id, lag.retainedBytes, limit);
      if (error && limit.onMaxRetainedBytes !== 'warn') return error;
      if (error && !isWarned) {
        observer({ kind: 'warning', message: error.message, remedy: error.remedy });
      }
      isWarned = error !== undefined;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn('the lag of the source could not be measured', { reason });
    }
  }
}

function limitOf({ maxRetainedBytes }: LogLimit): { limitBytes?: bigint } {
  return maxRetainedBytes === undefined ? {} : { limitBytes: BigInt(maxRetainedBytes) };
}

function exceeded(
  pipeline: string,
  retainedBytes: bigint,
  { maxRetainedBytes, onMaxRetainedBytes }: LogLimit,
): CdcError | undefined {
  if (maxRetainedBytes === undefined || retainedBytes <= BigInt(maxRetainedBytes)) return undefined;
  const kept = `The source keeps ${retainedBytes} bytes of log for pipeline ${pipeline}`;
  return new PipelineError('pipeline/source-log-limit', `${kept}; it may ${maxRetainedBytes}`, {
    context: { pipeline, retainedBytes, maxRetainedBytes },
    ...(onMaxRetainedBytes === 'dropSlot' ? { remedy: DROPPED } : {}),
  });
}

const DROPPED =
  'The slot was dropped, as onMaxRetainedBytes: dropSlot says, and changes are lost: remove the destination tables and the state folder, and start anew with a snapshot.';
