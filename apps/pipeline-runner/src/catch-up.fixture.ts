import { silentLogger } from '@cdc-demo/cdc-core';
import type { ConfigFile } from '@cdc-demo/pipeline';
import { runPipelines } from './run-pipelines.ts';

/** Runs all pipelines of a configuration until their tables hold what the source has now. */
export async function catchUp(config: ConfigFile): Promise<void> {
  await runPipelines({
    config,
    ids: [],
    until: 'caught-up',
    firstContact: 'fail',
    takeOver: false,
    logger: silentLogger,
    observers: () => [],
    stop: new AbortController().signal,
    lagIntervalMs: 60_000,
  });
}
