import { Secret, formatTableName, parseTableName } from '@cdc-demo/cdc-core';
import type { TableName } from '@cdc-demo/cdc-core';
import { z } from 'zod';

const TABLE_NAME_RULE =
  'write schema.table in its exact case, for example public.customers; quote a part with a dot, ' +
  `a quote or a space: 'public."my.table"'`;
const LARGEST_TIMER_MS = 2 ** 31 - 1;
const millis = z.int().min(1).max(LARGEST_TIMER_MS);
const identifier = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9_-]{0,62}$/,
    'use 1 to 63 of a-z, 0-9, "_" and "-", a letter or digit first',
  );
const tableName = z.string().transform((text, context) => {
  const table = parseTableName(text);
  if (table) return table;
  context.addIssue(TABLE_NAME_RULE);
  return z.NEVER;
});

const postgresSource = z.strictObject({
  type: z.literal('postgres'),
  /** `postgres://user@host:port/database`, or `embedded` for a server of our own. */
  url: z.instanceof(Secret),
  tables: z.array(tableName).min(1).refine(areDistinct, 'the same table stands there twice'),
  snapshot: z.enum(['initial', 'never']).default('initial'),
  /** Name of the publication; made when it is missing and the role may. */
  publication: identifier.optional(),
  /** Name of the replication slot. */
  slot: z
    .string()
    .regex(/^[a-z0-9_]{1,63}$/, 'use 1 to 63 of a-z, 0-9 and "_"')
    .optional(),
  /** Publish stored generated columns too, as Postgres 18 can. */
  generatedColumns: z.enum(['none', 'stored']).default('none'),
  /** Let standbys have a copy of the slot, to go on after one was promoted; Postgres 17. */
  failover: z.boolean().default(false),
  /** Log that the source may keep for this pipeline; no limit of ours unless given. */
  maxRetainedBytes: z.int().min(1).optional(),
  /** What happens beyond it. `dropSlot` frees the source and loses changes. */
  onMaxRetainedBytes: z.enum(['warn', 'stop', 'dropSlot']).default('warn'),
  /** Tables and ranges of tables that the first snapshot reads at the same time. */
  snapshotWorkers: z.int().min(1).max(16).default(2),
  /** Bytes of a table that are read, and after a crash read again, as one range. */
  snapshotRangeBytes: z
    .int()
    .min(64 * 1024)
    .default(256 * 1024 * 1024),
  /** What becomes of a value that the target's type cannot hold. */
  outOfRange: z.enum(['stop', 'null']).default('stop'),
});

/** How destination tables are looked after beside the commits. */
const upkeep = {
  /** Merge small files, drop deleted rows. */
  compact: z.boolean().default(true),
  minFiles: z.int().min(2).max(1000).default(10),
  deletedShare: z.number().gt(0).max(1).default(0.2),
  /** Share of the time that it may take. */
  workShare: z.number().gt(0).max(1).default(0.25),
};

const DELTA_READERS = [
  'spark',
  'trino',
  'clickhouse',
  'duckdb',
  'delta-rs',
  'polars',
  'basic',
] as const;
const ICEBERG_READERS = ['spark', 'trino', 'duckdb', 'pyiceberg', 'clickhouse', 'basic'] as const;

const tables = {
  /** A path, file: URL or s3://bucket/prefix with `{schema}` and `{table}`. */
  location: z
    .string()
    .refine((text) => text.includes('{table}'), 'write {table} where the table name belongs'),
  mode: z.enum(['upsert', 'append']).default('upsert'),
  compression: z.enum(['snappy', 'zstd', 'uncompressed']).default('snappy'),
};

const deltaSink = z.strictObject({
  type: z.literal('delta'),
  ...tables,
  upkeep: z
    .strictObject({
      ...upkeep,
      /** Delete files and versions that are older than the table's retention. */
      vacuum: z.boolean().default(true),
      cleanLog: z.boolean().default(true),
    })
    .prefault({}),
  /** Engines that have to be able to read the tables; with none any feature may be used. */
  readers: z.array(z.enum(DELTA_READERS)).default([]),
  /** By source table, the columns that its new table is partitioned by. */
  partitionBy: z.record(z.string(), z.array(z.string().min(1)).min(1)).default({}),
});

/** A service that speaks the protocol of the Apache Iceberg REST catalog. */
const restCatalog = z.strictObject({
  type: z.literal('rest'),
  uri: z.string().regex(/^https?:\/\/[^@]+$/, 'write the http(s) URI, without a password'),
  /** Which one of the service's catalogs. */
  warehouse: z.string().min(1).optional(),
  /** `client:secret` of OAuth2. */
  credential: z.instanceof(Secret).optional(),
  /** A bearer token. */
  token: z.instanceof(Secret).optional(),
  scope: z.string().min(1).optional(),
  /** Where tokens are given; the service's own unless given. */
  oauth2ServerUri: z
    .string()
    .regex(/^https?:\/\/[^@]+$/, 'write an http(s) URI')
    .optional(),
  prefix: z.string().min(1).optional(),
  /** The parts of the tables' namespace, with dots between them. */
  namespace: z.string().min(1).default('{schema}'),
  name: z
    .string()
    .refine((text) => text.includes('{table}'), 'write {table} where the table name belongs')
    .default('{table}'),
  timeoutMs: millis.default(60_000),
});

const icebergSink = z.strictObject({
  type: z.literal('iceberg'),
  ...tables,
  /** Tables that a catalog service keeps lie where that says, unless this is given. */
  location: tables.location.optional(),
  /** Who says which version of a table is the newest: its own files, or a service. */
  catalog: z
    .discriminatedUnion('type', [z.strictObject({ type: z.literal('filesystem') }), restCatalog])
    .prefault({ type: 'filesystem' }),
  /** Of new tables; by default the highest that all readers know. */
  formatVersion: z.union([z.literal(2), z.literal(3)]).optional(),
  /** Engines that have to be able to read the tables. */
  readers: z.array(z.enum(ICEBERG_READERS)).default([]),
  /** By source table, what its files are parted by: columns, or transforms such as `day(at)`. */
  partitionBy: z.record(z.string(), z.array(z.string().min(1))).default({}),
  upkeep: z
    .strictObject({
      ...upkeep,
      /** Delete snapshots that are too old, or too many, and files that nothing names. */
      expireSnapshots: z.boolean().default(true),
      maxSnapshots: z.int().min(1).max(100_000).default(200),
      removeOrphans: z.boolean().default(true),
    })
    .prefault({}),
});

const commit = z
  .strictObject({
    intervalMs: millis.default(1000),
    maxRows: z.int().min(1).max(10_000_000).default(100_000),
    maxBytes: z
      .int()
      .min(1)
      .max(2 ** 31 - 1)
      .default(128 * 1024 * 1024),
  })
  .prefault({});

const retry = z
  .strictObject({
    initialDelayMs: millis.default(500),
    maxDelayMs: millis.default(30_000),
    maxAttempts: z.int().min(1).default(20),
  })
  .prefault({});

const spill = z
  .strictObject({
    /** Bytes of one transaction's changes that are kept in memory; a larger one goes to disk. */
    afterBytes: z
      .int()
      .min(1)
      .max(2 ** 31 - 1)
      .default(32 * 1024 * 1024),
    /** A folder of the local disk; by default `cdc-demo/<id>` in the system's temporary folder. */
    folder: z.string().min(1).optional(),
    /** Bytes on disk after which the pipeline stops; as much as the disk has unless given. */
    maxBytes: z.int().min(1).optional(),
  })
  .prefault({});

const pipelineKeys = z.strictObject({
  id: identifier,
  source: z.discriminatedUnion('type', [postgresSource]),
  sink: z.discriminatedUnion('type', [deltaSink, icebergSink]),
  /** Folder of the progress records; by default `_cdc_demo/<id>` before the first placeholder. */
  state: z.string().min(1).optional(),
  commit,
  spill,
  retry,
  heartbeatIntervalMs: millis.default(10_000),
});

const pipeline = pipelineKeys.superRefine(({ source, sink, state }, context) => {
  if (sink.location === undefined && 'catalog' in sink) {
    const isService = sink.catalog.type === 'rest';
    const missing = isService ? ['state'] : ['sink', 'location'];
    const message = isService
      ? 'write the folder of the progress records, as the sink has no location'
      : 'write where the tables are to lie';
    if (!isService || state === undefined) {
      context.addIssue({ code: 'custom', path: missing, message });
    }
  }
  const tables = new Set(source.tables.map(formatTableName));
  for (const table of Object.keys(sink.partitionBy)) {
    if (tables.has(table)) continue;
    const message = 'this is none of source.tables';
    context.addIssue({ code: 'custom', path: ['sink', 'partitionBy', table], message });
  }
});

export const configFile = z.strictObject({
  pipelines: z
    .array(pipeline)
    .min(1)
    .refine(
      (all) => new Set(all.map(({ id }) => id)).size === all.length,
      'two pipelines have the same id',
    ),
});

export type ConfigFile = z.infer<typeof configFile>;
export type PipelineConfig = ConfigFile['pipelines'][number];
export type PostgresSourceConfig = z.infer<typeof postgresSource>;
export type SinkConfig = PipelineConfig['sink'];
export type RestCatalogConfig = z.infer<typeof restCatalog>;

function areDistinct(tables: readonly TableName[]): boolean {
  return new Set(tables.map(formatTableName)).size === tables.length;
}

/** The part of a location before its first placeholder, as a folder. */
export function locationPrefix(location: string): string {
  const before = location.slice(0, location.indexOf('{'));
  return before.slice(0, before.lastIndexOf('/') + 1) || './';
}

/** Where a pipeline keeps its progress. */
export function stateLocation(config: PipelineConfig): string {
  return config.state ?? `${locationPrefix(config.sink.location ?? '')}_cdc_demo/${config.id}`;
}
