import process from 'node:process';
import { Command, InvalidArgumentError } from 'commander';
import { jsonLogger, logPipeline } from '@cdc-demo/observability';
import { loadConfig } from '@cdc-demo/pipeline';
import { runPipelines, stopOnSignal } from '@cdc-demo/pipeline-runner';
import { showProgress } from '../show-progress.ts';

interface RunFlags {
  readonly config: string;
  readonly pipeline: readonly string[];
  readonly untilCaughtUp: boolean;
  readonly duration?: number;
  readonly takeOver: boolean;
  readonly json: boolean;
}

export function runCommand(): Command {
  return new Command('run')
    .description('Run pipelines in the foreground until SIGTERM, or until they have caught up')
    .option('-c, --config <file>', 'configuration file', 'cdc-demo.yaml')
    .option('-p, --pipeline <id...>', 'only these pipelines', [])
    .option('--until-caught-up', 'end when everything committed by now is in the tables', false)
    .option('--duration <seconds>', 'end after this time', seconds)
    .option('--take-over', 'go on in the place of another runner of the same pipelines', false)
    .option('--json', 'log JSON lines to standard error instead of progress lines', false)
    .addHelpText(
      'after',
      `
Examples:
  $ cdc-demo run
  $ cdc-demo run --config cdc-demo.yaml --pipeline customers --until-caught-up

Exit codes: 0 done; 1 failed; 2 bad configuration; 3 source refused; 4 target refused; 5 fenced`,
    )
    .action(run);
}

async function run(flags: RunFlags): Promise<void> {
  const config = loadConfig(flags.config, process.env);
  const logger = jsonLogger(flags.json ? 'info' : 'warn');
  using asked = stopOnSignal(() => process.stderr.write('stopping after the running commit\n'));
  const signals = [asked.signal];
  if (flags.duration !== undefined) signals.push(AbortSignal.timeout(flags.duration * 1000));
  await runPipelines({
    config,
    ids: flags.pipeline,
    until: flags.untilCaughtUp ? 'caught-up' : 'stopped',
    firstContact: 'fail',
    takeOver: flags.takeOver,
    logger,
    observers: (id) =>
      flags.json
        ? [logPipeline(logger.child({ pipeline: id }))]
        : [showProgress(id, (line) => process.stderr.write(`${line}\n`))],
    stop: AbortSignal.any(signals),
    lagIntervalMs: 5000,
  });
}

function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('Write a number of seconds.');
  return value;
}
