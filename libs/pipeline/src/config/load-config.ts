import { readFileSync, statSync } from 'node:fs';
import { isCdcError } from '@cdc-demo/cdc-core';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { PipelineError } from '../errors.ts';
import { nearest } from './nearest.ts';
import { configFile } from './pipeline-config.ts';
import type { ConfigFile } from './pipeline-config.ts';
import { resolveReferences } from './references.ts';
import type { ReferenceSources } from './references.ts';

/** Others than the owner may read. */
const WORLD_READABLE = 0o004;

/**
 * Reads a configuration file.
 * @throws PipelineError `pipeline/configuration` that names the key and what to write there
 */
export function loadConfig(path: string, env: ReferenceSources['env']): ConfigFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new PipelineError('pipeline/configuration', `${path} cannot be read`, {
      cause,
      context: { file: path },
      remedy: 'Name an existing file with --config FILE',
    });
  }
  return parseConfig(text, { env, readSecretFile }, path);
}

/** The same for a text; `file` is its name in messages. */
export function parseConfig(text: string, sources: ReferenceSources, file: string): ConfigFile {
  const document = parseDocument(text, { prettyErrors: true });
  const [syntax] = document.errors;
  if (syntax) {
    throw new PipelineError('pipeline/configuration', `${file}: ${syntax.message}`, {
      context: { file },
      remedy: 'Correct the YAML there',
    });
  }
  const checked = configFile.safeParse(resolveReferences(document.toJS(), sources));
  if (checked.success) return checked.data;
  const messages = checked.error.issues.map((issue) => `${file}: ${explainIssue(issue)}`);
  throw new PipelineError('pipeline/configuration', messages.join('\n'), { context: { file } });
}

function explainIssue(issue: z.core.$ZodIssue): string {
  const key = formatPath(issue.path);
  if (issue.code !== 'unrecognized_keys') return `${key}: ${issue.message}`;
  return issue.keys
    .map((unknown) => {
      const path = formatPath([...issue.path, unknown]);
      if (KEYS.includes(unknown)) return `${path}: this key does not belong here`;
      const meant = nearest(unknown, KEYS);
      return `${path}: there is no such key${meant ? `; did you mean ${meant}?` : ''}`;
    })
    .join('\n');
}

const KEYS = [
  ...['pipelines', 'id', 'source', 'sink', 'state', 'commit', 'retry', 'heartbeatIntervalMs'],
  ...['type', 'url', 'tables', 'snapshot', 'publication', 'slot', 'snapshotWorkers', 'outOfRange'],
  ...['generatedColumns', 'failover', 'maxRetainedBytes', 'onMaxRetainedBytes'],
  ...['spill', 'afterBytes', 'folder'],
  ...[
    'location',
    'mode',
    'compression',
    'partitionBy',
    'readers',
    'intervalMs',
    'maxRows',
    'maxBytes',
  ],
  ...['upkeep', 'compact', 'minFiles', 'deletedShare', 'vacuum', 'cleanLog', 'workShare'],
  ...['catalog', 'formatVersion', 'expireSnapshots', 'maxSnapshots', 'removeOrphans'],
  ...['initialDelayMs', 'maxDelayMs', 'maxAttempts'],
];

function formatPath(path: readonly PropertyKey[]): string {
  let text = '';
  for (const part of path) {
    if (typeof part === 'number') text += `[${part}]`;
    else text += text ? `.${String(part)}` : String(part);
  }
  return text || 'the file';
}

function readSecretFile(path: string): string {
  try {
    if ((statSync(path).mode & WORLD_READABLE) !== 0) {
      throw new PipelineError(
        'pipeline/configuration',
        `Everybody may read the secret in ${path}`,
        {
          context: { file: path },
          remedy: `chmod 600 ${path}`,
        },
      );
    }
    return readFileSync(path, 'utf8');
  } catch (cause) {
    if (isCdcError(cause)) throw cause;
    throw new PipelineError('pipeline/configuration', `The secret in ${path} cannot be read`, {
      cause,
      context: { file: path },
      remedy: 'Create the file, readable by its owner only',
    });
  }
}
