import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LocalServerError } from '../errors.ts';
import { ServerProcess } from '../postgres/server-process.ts';

/** What is installed; beside the sources and beside what is published alike. */
const FOLDER = fileURLToPath(new URL('../../minio/', import.meta.url));
const READY = /^API: /m;
/** Somebody may take the port between the choice and the start. */
const ATTEMPTS = 3;
/** MinIO keeps each bucket as a folder. */
const BUCKET = 'test';

/** A running MinIO server on 127.0.0.1. */
export interface LocalMinio extends AsyncDisposable {
  readonly endpoint: string;
  readonly pid: number;
  /** The name of an empty bucket. */
  readonly bucket: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Ends the server; its data goes with it. */
  stop(): Promise<void>;
}

/**
 * Starts MinIO on a free port with a new temporary folder. It ends with `stop`, and whenever this
 * process ends, however that happens.
 * @throws LocalServerError
 */
export async function startMinio(): Promise<LocalMinio> {
  const program = minioProgram();
  const credentials = {
    accessKeyId: randomBytes(8).toString('hex'),
    secretAccessKey: randomBytes(16).toString('hex'),
  };
  for (let attempt = 1; ; attempt++) {
    const folder = mkdtempSync(join(tmpdir(), 'cdc-minio-'));
    mkdirSync(join(folder, BUCKET));
    const address = `127.0.0.1:${await freePort()}`;
    const server = await ServerProcess.spawn({
      program: '/usr/bin/env',
      args: [
        `MINIO_ROOT_USER=${credentials.accessKeyId}`,
        `MINIO_ROOT_PASSWORD=${credentials.secretAccessKey}`,
        ...['MINIO_BROWSER=off', 'MINIO_UPDATE=off'],
        ...[program, 'server', '--address', address, folder],
      ],
      user: { identity: {}, uid: process.getuid?.() ?? 0 },
      temporary: folder,
      ready: READY,
      endSignal: 'TERM',
    });
    if ((await server.ready()) === 'ready') {
      const stop = async (): Promise<void> => {
        await server.end('SIGTERM');
        rmSync(folder, { recursive: true, force: true });
      };
      const endpoint = `http://${address}`;
      const { pid } = server;
      return { endpoint, pid, bucket: BUCKET, credentials, stop, [Symbol.asyncDispose]: stop };
    }
    rmSync(folder, { recursive: true, force: true });
    if (attempt < ATTEMPTS) continue;
    const lines = server.log.trim().split('\n').slice(-5).join('\n');
    throw new LocalServerError('local-servers/start-failed', `MinIO did not start:\n${lines}`);
  }
}

/**
 * The program that `minio/install.sh` builds.
 * @throws LocalServerError `local-servers/not-installed`
 */
export function minioProgram(
  env: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const { CDC_CACHE: cache = join(homedir(), '.cache', 'cdc-demo') } = env;
  const version = readFileSync(`${FOLDER}version.txt`, 'utf8').trim();
  const program = join(cache, `minio-${version}`, 'minio');
  if (existsSync(program)) return program;
  throw new LocalServerError('local-servers/not-installed', 'MinIO is not installed.', {
    context: { program },
    remedy: `Run ${FOLDER}install.sh, which needs Go 1.24, or \`make s3\`.`,
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
