import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Clock, Logger, PipelineObserver, Secret, Source } from '@cdc-demo/cdc-core';
import { LocalSpillSpace, openObjectStore } from '@cdc-demo/object-store';
import { Pipeline, stateLocation, systemClock } from '@cdc-demo/pipeline';
import type { PipelineConfig, PipelineOptions } from '@cdc-demo/pipeline';
import type { Fetch, OpenTableStore } from '@cdc-demo/iceberg';
import { PostgresSource } from '@cdc-demo/postgres';
import type { PostgresSourceOptions } from '@cdc-demo/postgres';
import { openSink } from './destinations.ts';

/** How a pipeline reaches the world outside. Another one may wrap these, to see what happens. */
export interface PipelinePorts {
  readonly clock: Clock;
  /** The store at a location: a table's, or the pipeline's state folder. */
  readonly openStore: OpenTableStore;
  readonly openSource: (options: PostgresSourceOptions) => Source;
  /** Sends the requests to a catalog service. */
  readonly fetch: Fetch;
}

/** The machine's clock, its files, the server. */
export const systemPorts: PipelinePorts = {
  clock: systemClock,
  openStore: openObjectStore,
  openSource: (options) => new PostgresSource(options),
  fetch: globalThis.fetch,
};

export interface ComposeOptions {
  readonly until: PipelineOptions['until'];
  readonly firstContact: PipelineOptions['firstContact'];
  /** End the connection of another runner of the same pipeline, and go on in its place. */
  readonly takeOver: boolean;
  readonly logger: Logger;
  readonly observer: PipelineObserver;
  /** The source's URL, `embedded` already replaced by that of a running server. */
  readonly url: Secret;
}

/** What the source of a configured pipeline is. */
export function sourceOptions(
  { id, source, sink, spill }: PipelineConfig,
  parts: Required<Pick<PostgresSourceOptions, 'clock' | 'logger' | 'takeOver'>> & {
    readonly url: Secret;
  },
): PostgresSourceOptions {
  const { url, ...rest } = parts;
  return {
    ...rest,
    connection: { url, applicationName: `cdc-demo ${id}` },
    pipeline: id,
    tables: source.tables,
    requirePrimaryKey: sink.mode === 'upsert',
    outOfRange: source.outOfRange,
    snapshotWorkers: source.snapshotWorkers,
    snapshotRangeBytes: source.snapshotRangeBytes,
    generatedColumns: source.generatedColumns,
    failover: source.failover,
    spillAfterBytes: spill.afterBytes,
    ...(source.slot === undefined ? {} : { slot: source.slot }),
    ...(source.publication === undefined ? {} : { publication: source.publication }),
  };
}

/** Wires source, engine and sink of one configured pipeline. Nothing is opened yet. */
export function composePipeline(
  config: PipelineConfig,
  options: ComposeOptions,
  ports: PipelinePorts = systemPorts,
): Pipeline {
  const { source, sink, commit, spill, retry, heartbeatIntervalMs, id } = config;
  const { logger, observer, until, firstContact, takeOver, url } = options;
  const { clock, openStore, openSource, fetch } = ports;
  const space = new LocalSpillSpace({
    folder: spill.folder ?? join(tmpdir(), 'cdc-demo', id),
    ...(spill.maxBytes === undefined ? {} : { maxBytes: spill.maxBytes }),
  });
  return new Pipeline({
    id,
    tables: source.tables,
    source: (isOwner) =>
      openSource({
        ...sourceOptions(config, { url, logger, clock, takeOver: takeOver || isOwner }),
        spill: space,
      }),
    sink: () => openSink(sink, { openStore, fetch, observer, spill: space, clock, logger }),
    state: openStore(stateLocation(config)),
    snapshot: source.snapshot,
    commit,
    retry,
    firstContact,
    heartbeatIntervalMs,
    until,
    clock,
    newId: randomUUID,
    observer,
  });
}
