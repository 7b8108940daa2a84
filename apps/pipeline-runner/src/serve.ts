import process from 'node:process';
import { parseArgs } from 'node:util';
import { explainError } from '@cdc-demo/cdc-core';
import {
  Health,
  Metrics,
  jsonLogger,
  logPipeline,
  measurePipeline,
  serveObservability,
} from '@cdc-demo/observability';
import { loadConfig } from '@cdc-demo/pipeline';
import { exitCode } from './exit-code.ts';
import { runPipelines } from './run-pipelines.ts';
import { stopOnSignal } from './stop-on-signal.ts';

const USAGE = `Runs the pipelines of a configuration as a service.

  --config FILE   the configuration (default cdc-demo.yaml)
  --pipeline ID   only this pipeline; may be given more than once
  --port N        port of /metrics, /healthz and /readyz on 127.0.0.1 (default 9400)
  --take-over     go on in the place of another runner of the same pipelines
  --help          show this text
`;

const { values } = parseArgs({
  options: {
    config: { type: 'string', default: 'cdc-demo.yaml' },
    pipeline: { type: 'string', multiple: true, default: [] },
    port: { type: 'string', default: '9400' },
    'take-over': { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function serve(): Promise<void> {
  const logger = jsonLogger('info');
  const metrics = new Metrics({ process: true });
  const health = new Health();
  using stop = stopOnSignal(() => {
    logger.info('stopping');
  });
  try {
    const config = loadConfig(values.config, process.env);
    const server = await serveObservability({ metrics, health, port: Number(values.port) });
    logger.info('serving metrics and health', { url: server.url });
    try {
      await runPipelines({
        config,
        ids: values.pipeline,
        until: 'stopped',
        firstContact: 'retry',
        takeOver: values['take-over'],
        logger,
        observers: (id) => [
          logPipeline(logger.child({ pipeline: id })),
          measurePipeline(metrics, id),
          health.observe(id),
        ],
        stop: stop.signal,
        lagIntervalMs: 5000,
      });
    } finally {
      await server.close();
    }
  } catch (error) {
    logger.error(explainError(error));
    process.exitCode = exitCode(error);
  }
}

if (values.help) process.stdout.write(USAGE);
else await serve();
