import type { PortCall } from './port-call.ts';

/**
 * The steps of a batch between whose beginnings and ends a process can die, in the order in which
 * they come.
 */
export const STEPS = [
  /** Rows of the first snapshot are handed over. */
  'snapshot-rows',
  /** All rows of the first snapshot were handed over. */
  'snapshot-end',
  /** Rows that are read beside the stream are handed over. */
  'resync-rows',
  /** A whole transaction is handed over, at its COMMIT. */
  'transaction',
  /** Bytes of rows go to a data file. */
  'data-file',
  /** A data file becomes visible and durable. */
  'data-file-durable',
  /** A deletion vector, or a file of position deletes, becomes visible and durable. */
  'deletion-vector',
  /** A file of the change feed becomes visible and durable. */
  'change-file',
  /** A manifest of an Iceberg snapshot. */
  'manifest',
  /** The list of a snapshot's manifests. */
  'manifest-list',
  /** The log entry, the metadata file, or the catalog's commit that publishes a version. */
  'log-entry',
  /** The number of the newest metadata file, for whoever wants a hint. */
  'version-hint',
  /** The same of a compaction. */
  'compaction',
  /** The record of the pipeline's progress, claims of a run included. */
  'progress',
  /** An old progress record is removed. */
  'progress-trim',
  /** The source is told what it may forget. */
  'acknowledge',
  /** A checkpoint becomes visible and durable. */
  'checkpoint',
  /** The hint that leads to a checkpoint. */
  'checkpoint-hint',
  /** A file that nothing refers to is removed. */
  'sweep',
] as const;

export type Step = (typeof STEPS)[number];

/** Messages of a source that are called as their step is. */
const MESSAGES = ['snapshot-rows', 'snapshot-end', 'resync-rows'] as const;
/** Steps by what a writer's `close` or an object's creation makes durable. */
const BY_KEY: readonly (readonly [RegExp, Step])[] = [
  [/(^|\/)progress\/\d+\.json$/, 'progress'],
  [/_delta_log\/\d{20}\.json$/, 'log-entry'],
  [/metadata\/v\d+\.metadata\.json$/, 'log-entry'],
  [/_delta_log\/_last_checkpoint$/, 'checkpoint-hint'],
  [/_delta_log\/.*\.checkpoint\./, 'checkpoint'],
  [/_change_data\//, 'change-file'],
  [/deletion_vector_/, 'deletion-vector'],
  [/-deletes\.(puffin|parquet)$/, 'deletion-vector'],
  [/metadata\/.*-m\d+\.avro$/, 'manifest'],
  [/metadata\/snap-.*\.avro$/, 'manifest-list'],
  [/metadata\/version-hint\.text$/, 'version-hint'],
];
/** Nothing depends on a version checksum, which is written while the next batch goes on. */
const CHECKSUM = /_delta_log\/\d{20}\.crc$/;
const CREATES = new Set(['putIfAbsent', 'put', 'close']);

/** The step that a call is; undefined for one that no step begins or ends with. */
export function stepOf({ port, operation, key, body }: PortCall): Step | undefined {
  if (port === 'source') return sourceStep(operation, key);
  if (port === 'catalog') return catalogStep(operation, key, body);
  if (CHECKSUM.test(key) && operation !== 'delete') return undefined;
  const [, named] = BY_KEY.find(([pattern]) => pattern.test(key)) ?? [];
  if (named === 'log-entry' && body && isCompaction(body)) return 'compaction';
  if (operation === 'delete') return named === 'progress' ? 'progress-trim' : 'sweep';
  if (CREATES.has(operation)) return named ?? 'data-file-durable';
  return operation === 'write' && named === undefined ? 'data-file' : undefined;
}

/** A commit to a table, its creation included; nothing else changes anything that lasts. */
function catalogStep(method: string, path: string, body?: Uint8Array): Step | undefined {
  if (method !== 'POST' || !/\/tables\/[^/]+$/.test(path)) return undefined;
  return body && isCompaction(body) ? 'compaction' : 'log-entry';
}

function sourceStep(operation: string, message: string): Step | undefined {
  if (operation === 'acknowledge') return 'acknowledge';
  if (message === 'transactions') return 'transaction';
  return MESSAGES.find((step) => step === message);
}

/**
 * The `commitInfo` of a Delta log entry has its operation once; metadata of an Iceberg table and a
 * commit to its catalog have that of every snapshot, the newest last.
 */
function isCompaction(body: Uint8Array): boolean {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length);
  const operation = text.subarray(text.lastIndexOf('"operation":"'), text.length).toString('utf8');
  return /^"operation":"(OPTIMIZE|replace)"/.test(operation);
}
