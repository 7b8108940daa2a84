import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalServerError } from '../errors.ts';
import { ServerProcess } from '../postgres/server-process.ts';
import type { LocalMinio } from '../minio/local-minio.ts';
import { icebergRestFolder } from './installation.ts';

const READY = /catalog server listens on port (\d+)/;

export interface LocalIcebergRestOptions {
  /** For the catalog's database and its warehouse; a temporary one unless given. */
  readonly folder?: string;
  /** Where the catalog finds the tables whose locations begin with `s3:`; nowhere unless given. */
  readonly s3?: Pick<LocalMinio, 'endpoint' | 'credentials'>;
}

/** A running Iceberg REST catalog on 127.0.0.1. */
export interface LocalIcebergRest extends AsyncDisposable {
  readonly uri: string;
  readonly pid: number;
  /** The folder below which the catalog puts its tables. */
  readonly warehouse: string;
  /** The newest lines that the server wrote. */
  readonly log: string;
  /** Ends the server; a temporary folder goes with it. */
  stop(): Promise<void>;
}

/**
 * Starts the REST catalog of Iceberg's Java implementation on a free port. It ends with `stop`, and
 * whenever this process ends, however that happens.
 * @throws LocalServerError
 */
export async function startIcebergRest(
  options: LocalIcebergRestOptions = {},
): Promise<LocalIcebergRest> {
  const installed = icebergRestFolder();
  const temporary =
    options.folder === undefined ? mkdtempSync(join(tmpdir(), 'cdc-iceberg-rest-')) : undefined;
  const folder = options.folder ?? temporary ?? '';
  const warehouse = join(folder, 'warehouse');
  mkdirSync(warehouse, { recursive: true });
  const started = await ServerProcess.spawn({
    program: 'java',
    args: [
      ...['-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      ...['-cp', `${installed}:${installed}/lib/*`, 'CatalogServer'],
      ...['0', join(folder, 'catalog.db'), `file://${warehouse}`],
      ...s3Properties(options),
    ],
    user: { identity: {}, uid: process.getuid?.() ?? 0 },
    temporary,
    ready: READY,
    endSignal: 'TERM',
  });
  const outcome = await started.ready();
  const [, port] = READY.exec(started.log) ?? [];
  if (outcome !== 'ready' || port === undefined) {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
    const lines = started.log.trim().split('\n').slice(-5).join('\n');
    const message = `The Iceberg REST catalog did not start:\n${lines}`;
    throw new LocalServerError('local-servers/start-failed', message, { context: { folder } });
  }
  const stop = async (): Promise<void> => {
    await started.end('SIGTERM');
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  };
  return {
    uri: `http://127.0.0.1:${port}`,
    pid: started.pid,
    warehouse,
    get log() {
      return started.log;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function s3Properties({ s3 }: LocalIcebergRestOptions): readonly string[] {
  if (!s3) return [];
  return [
    'io-impl=org.apache.iceberg.io.ResolvingFileIO',
    'client.region=us-east-1',
    `s3.endpoint=${s3.endpoint}`,
    's3.path-style-access=true',
    `s3.access-key-id=${s3.credentials.accessKeyId}`,
    `s3.secret-access-key=${s3.credentials.secretAccessKey}`,
  ];
}
