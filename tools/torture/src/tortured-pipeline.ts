import { Secret, silentLogger } from '@cdc-demo/cdc-core';
import type { Clock, PipelineEvent } from '@cdc-demo/cdc-core';
import { InterceptedSource, InterceptedStore, interceptedFetch } from '@cdc-demo/cdc-testing';
import type { Around } from '@cdc-demo/cdc-testing';
import { openObjectStore } from '@cdc-demo/object-store';
import { parseConfig } from '@cdc-demo/pipeline';
import type { Pipeline, PipelineOptions } from '@cdc-demo/pipeline';
import { composePipeline, systemPorts } from '@cdc-demo/pipeline-runner';
import { PostgresSource } from '@cdc-demo/postgres';
import { TABLES } from './source-under-test.ts';
import type { Format } from './source-under-test.ts';

/** One run of a pipeline; plain JSON. */
export interface Run {
  readonly pipeline: string;
  readonly url: string;
  readonly folder: string;
  readonly format: Format;
  /** Of the REST catalog that keeps the tables; none unless given. */
  readonly catalogUri?: string;
  readonly until: PipelineOptions['until'];
  readonly commitIntervalMs: number;
  /** Bytes of a transaction from which it goes to disk; as by default unless given. */
  readonly spillAfterBytes?: number;
}

export interface TorturedParts {
  readonly around: Around;
  readonly observer: (event: PipelineEvent) => void;
  readonly clock?: Clock;
}

/** The pipeline that an application would compose, every call of its ports through `around`. */
export function torturedPipeline(run: Run, parts: TorturedParts): Pipeline {
  const { around, observer, clock = systemPorts.clock } = parts;
  const [config] = configOf(run).pipelines;
  if (!config) throw new Error('The configuration has no pipeline');
  return composePipeline(
    config,
    {
      until: run.until,
      firstContact: 'retry',
      takeOver: true,
      logger: silentLogger,
      observer,
      url: new Secret(run.url),
    },
    {
      clock,
      openStore: (location, s3) => new InterceptedStore(openObjectStore(location, s3), around),
      openSource: (options) => new InterceptedSource(new PostgresSource(options), around),
      fetch: interceptedFetch(systemPorts.fetch, around),
    },
  );
}

/** Every version of an Iceberg table is compared: none may expire. */
const KEPT = 'upkeep: { expireSnapshots: false }';
const SINKS: Readonly<Record<Format, string>> = {
  delta: 'type: delta',
  'iceberg-2': `type: iceberg, formatVersion: 2, ${KEPT}`,
  'iceberg-3': `type: iceberg, ${KEPT}`,
};

function catalogOf({ catalogUri, pipeline }: Run): string {
  if (catalogUri === undefined) return '';
  return `catalog: { type: rest, uri: '${catalogUri}', namespace: ${pipeline} }, `;
}

function configOf(run: Run): ReturnType<typeof parseConfig> {
  const text = `
pipelines:
  - id: ${run.pipeline}
    source:
      type: postgres
      url: \${env:SOURCE_URL}
      tables: [${TABLES.map(({ name }) => `public.${name}`).join(', ')}]
    sink: { ${SINKS[run.format]}, ${catalogOf(run)}location: '${run.folder}/{table}' }
    commit: { intervalMs: ${run.commitIntervalMs} }
    spill: { ${run.spillAfterBytes === undefined ? '' : `afterBytes: ${run.spillAfterBytes}`} }
    retry: { initialDelayMs: 5, maxDelayMs: 50, maxAttempts: 40 }
`;
  const readSecretFile = (path: string): string => {
    throw new Error(`${path} is not asked for`);
  };
  return parseConfig(text, { env: { SOURCE_URL: run.url }, readSecretFile }, 'the torture');
}
