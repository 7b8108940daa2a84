import process from 'node:process';
import { Command, InvalidArgumentError } from 'commander';
import { parsePosition } from '@cdc-demo/cdc-core';
import type { Position } from '@cdc-demo/cdc-core';
import { loadConfig } from '@cdc-demo/pipeline';
import { chosenPipelines, cutJson, findCut } from '@cdc-demo/pipeline-runner';
import { printJson } from '../print-json.ts';
import { time } from './table-arguments.ts';

interface CutFlags {
  readonly config: string;
  readonly pipeline: readonly string[];
  readonly position?: Position;
  readonly at?: number;
}

export function cutCommand(): Command {
  return new Command('cut')
    .description('Which version of each table of a pipeline belongs to one source position')
    .option('-c, --config <file>', 'configuration file', 'cdc-demo.yaml')
    .option('-p, --pipeline <id...>', 'only these pipelines', [])
    .option('--position <lsn>', 'the newest cut at or before this position', position)
    .option('--at <time>', 'the newest cut whose commits are all this old (ISO 8601)', time)
    .action(async ({ config: file, pipeline: ids, position: wanted, at: atMs }: CutFlags) => {
      const config = loadConfig(file, process.env);
      for (const pipeline of chosenPipelines(config, ids)) {
        const cut = await findCut(pipeline, { position: wanted, atMs });
        printJson({ pipeline: pipeline.id, ...cutJson(cut) });
      }
    });
}

/** `16/B374D848`, with or without the `postgres:` that stored positions begin with. */
function position(text: string): Position {
  try {
    return parsePosition(text.includes(':') ? text : `postgres:${text}`);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InvalidArgumentError('Write a position such as 16/B374D848.');
  }
}
