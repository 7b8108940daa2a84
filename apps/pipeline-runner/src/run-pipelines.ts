import { Secret } from '@cdc-demo/cdc-core';
import type { Logger, PipelineObserver } from '@cdc-demo/cdc-core';
import type { ConfigFile, PipelineConfig, PipelineOptions } from '@cdc-demo/pipeline';
import { PipelineError } from '@cdc-demo/pipeline';
import { checkCollisions } from './check-collisions.ts';
import { composePipeline, sourceOptions, systemPorts } from './compose-pipeline.ts';
import type { PipelinePorts } from './compose-pipeline.ts';
import { startEmbedded } from './embedded-source.ts';
import { watchSourceLog } from './watch-source-log.ts';

export interface RunOptions {
  readonly config: ConfigFile;
  /** Ids of the pipelines to run; all of the configuration when there is none. */
  readonly ids: readonly string[];
  readonly until: PipelineOptions['until'];
  readonly firstContact: PipelineOptions['firstContact'];
  readonly takeOver: boolean;
  readonly logger: Logger;
  /** Who watches a pipeline, by its id. */
  readonly observers: (id: string) => readonly PipelineObserver[];
  /** Ends every pipeline gracefully. */
  readonly stop: AbortSignal;
  /** How often the source is asked how far it is ahead. */
  readonly lagIntervalMs: number;
  /** `systemPorts` unless given. */
  readonly ports?: PipelinePorts;
}

/** How long a pipeline may take to commit what is whole, when the source must wait no longer. */
const GRACE_MS = 10_000;

/**
 * Runs pipelines until they are stopped or caught up. When one fails the others are stopped.
 * @throws the first error of a pipeline
 */
export async function runPipelines(options: RunOptions): Promise<void> {
  checkCollisions(options.config.pipelines);
  const configs = chosenPipelines(options.config, options.ids);
  await using embedded = await startEmbedded(configs);
  const failed = new AbortController();
  const running = configs.map(async (config) => {
    const { url } = config.source;
    const source = url.reveal() === 'embedded' ? new Secret(embedded.url) : url;
    try {
      await runOne(config, source, {
        ...options,
        stop: AbortSignal.any([options.stop, failed.signal]),
      });
    } catch (error) {
      failed.abort();
      throw error;
    }
  });
  const ended = await Promise.allSettled(running);
  for (const end of ended) if (end.status === 'rejected') throw end.reason;
}

async function runOne(config: PipelineConfig, url: Secret, options: RunOptions): Promise<void> {
  const observers = options.observers(config.id);
  const observer: PipelineObserver = (event) => {
    for (const observe of observers) observe(event);
  };
  const { until, firstContact, takeOver, ports = systemPorts } = options;
  const { clock } = ports;
  const logger = options.logger.child({ pipeline: config.id });
  const composed = { until, firstContact, takeOver, logger, observer, url };
  const pipeline = composePipeline(config, composed, ports);
  const stop = (): void => {
    pipeline.stop();
  };
  if (options.stop.aborted) return;
  options.stop.addEventListener('abort', stop, { once: true });
  const done = new AbortController();
  const watched = { id: config.id, pipeline, observer, logger, clock };
  const watch = { intervalMs: options.lagIntervalMs, limit: config.source };
  const watching = watchSourceLog(watched, watch, done.signal);
  const running = pipeline.run();
  try {
    const overLimit = await Promise.race([running.then(() => undefined), watching]);
    if (overLimit) {
      pipeline.stop();
      // A sink that hangs would keep it from ending.
      await Promise.race([Promise.allSettled([running]), clock.sleep(GRACE_MS, done.signal)]);
      if (config.source.onMaxRetainedBytes === 'dropSlot') {
        // A server process that waits for us to read does not end by itself.
        await pipeline.source?.stop();
        const parts = { url, logger, clock, takeOver: true };
        await ports.openSource(sourceOptions(config, parts)).drop();
      }
      throw overLimit;
    }
  } finally {
    options.stop.removeEventListener('abort', stop);
    done.abort();
    await watching;
  }
}

/**
 * The pipelines with these ids; all of them when there is no id.
 * @throws PipelineError `pipeline/configuration` when there is none with one of the ids
 */
export function chosenPipelines(
  config: ConfigFile,
  ids: readonly string[],
): readonly PipelineConfig[] {
  if (ids.length === 0) return config.pipelines;
  return ids.map((id) => {
    const found = config.pipelines.find((pipeline) => pipeline.id === id);
    if (found) return found;
    const known = config.pipelines.map((pipeline) => pipeline.id).join(', ');
    throw new PipelineError('pipeline/configuration', `There is no pipeline ${id}`, {
      context: { pipeline: id },
      remedy: `Choose one of: ${known}`,
    });
  });
}
