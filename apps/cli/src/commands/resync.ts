import { randomUUID } from 'node:crypto';
import process from 'node:process';
import { Command } from 'commander';
import { formatTableName } from '@cdc-demo/cdc-core';
import { openObjectStore } from '@cdc-demo/object-store';
import { PipelineError, loadConfig, sendResync, stateLocation } from '@cdc-demo/pipeline';
import type { ConfigFile, PipelineConfig } from '@cdc-demo/pipeline';

interface ResyncFlags {
  readonly config: string;
  readonly pipeline?: string;
}

export function resyncCommand(): Command {
  return new Command('resync')
    .description('Have a pipeline read the rows of a table again, while it follows its changes')
    .argument('<table>', 'a followed table, as the configuration names it')
    .option('-c, --config <file>', 'configuration file', 'cdc-demo.yaml')
    .option('-p, --pipeline <id>', 'the pipeline, when several follow the table')
    .addHelpText(
      'after',
      `
The rows are read in the order of the key, in short transactions, and compared with those of the
destination: rows that are equal stay, others are corrected with an exact change feed. A pipeline
that runs takes it up within its heartbeatIntervalMs, one that does not run when it starts.

Example:
  $ cdc-demo resync public.customers

Exit codes: 0 asked; 2 bad configuration`,
    )
    .action(resync);
}

async function resync(name: string, flags: ResyncFlags): Promise<void> {
  const config = loadConfig(flags.config, process.env);
  const pipeline = pipelineOf(config, name, flags.pipeline);
  const table = pipeline.source.tables.find((one) => formatTableName(one) === name);
  if (!table) throw unknown(`The pipeline ${pipeline.id} does not follow ${name}`, config);
  await sendResync(openObjectStore(stateLocation(pipeline)), table, randomUUID());
  process.stdout.write(`asked ${pipeline.id} to read the rows of ${name} again\n`);
}

function pipelineOf(config: ConfigFile, table: string, id: string | undefined): PipelineConfig {
  const found = config.pipelines.filter((pipeline) =>
    id === undefined
      ? pipeline.source.tables.some((one) => formatTableName(one) === table)
      : pipeline.id === id,
  );
  const [only, another] = found;
  if (another) throw unknown(`More than one pipeline follows ${table}: say --pipeline`, config);
  if (!only) throw unknown(`No pipeline follows ${id ?? table}`, config);
  return only;
}

function unknown(message: string, { pipelines }: ConfigFile): PipelineError {
  const known = pipelines.map(({ id, source }) => {
    return `${id} (${source.tables.map(formatTableName).join(', ')})`;
  });
  return new PipelineError('pipeline/configuration', message, {
    remedy: `Choose from: ${known.join('; ')}`,
  });
}
