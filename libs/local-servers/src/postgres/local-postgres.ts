import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalServerError } from '../errors.ts';
import { findBinaries } from './binaries.ts';
import type { Binaries, PostgresVersion } from './binaries.ts';
import { DataFolders } from './data-folder.ts';
import type { ServerTls } from './data-folder.ts';
import { ServerProcess } from './server-process.ts';
import { giveTo, serverUser } from './server-user.ts';
import type { ServerUser } from './server-user.ts';

export interface LocalPostgresOptions {
  readonly version: PostgresVersion;
  /**
   * Server settings. Unless they say otherwise `wal_level` is `logical`, and a temporary cluster
   * runs with `fsync = off`.
   */
  readonly settings?: Readonly<Record<string, string | number | boolean>>;
  /**
   * Where the cluster lies, created when it is not there, kept when the server stops. Without it
   * the cluster is temporary and vanishes with the server.
   */
  readonly dataDir?: string;
  /** A free port unless given. */
  readonly port?: number;
  /** Folder of the unix socket; a temporary one unless given. */
  readonly unixSocketDir?: string;
  /** Makes the server offer TLS. */
  readonly tls?: ServerTls;
  /** Folder for templates of new clusters; below the system's temporary folder unless given. */
  readonly cacheDir?: string;
}

/** A running server of the superuser `postgres`, reachable from this machine only. */
export interface LocalPostgres extends AsyncDisposable {
  readonly version: PostgresVersion;
  /** Of the database `postgres`, password included: `postgresql://postgres:…@127.0.0.1:…`. */
  readonly url: string;
  /** The same over the unix socket: `postgresql://postgres:…@%2Ftmp%2F…:…`. */
  readonly unixSocketUrl: string;
  readonly port: number;
  /** Process id of the server; another one after `restart`. */
  readonly pid: number;
  /** The folder that holds the cluster. */
  readonly dataDir: string;
  /** The newest lines of the server's log. */
  readonly log: string;
  /** Stops the server if it runs, and starts it at the same port with `settings` on top. */
  restart(settings?: LocalPostgresOptions['settings']): Promise<void>;
  /** Ends the server as a crash would; `restart` brings it back. */
  kill9(): Promise<void>;
  /** Ends sessions and server; removes a temporary cluster. Safe twice. */
  stop(): Promise<void>;
}

const DEFAULTS = {
  wal_level: 'logical',
  max_wal_senders: 20,
  max_replication_slots: 20,
  listen_addresses: '127.0.0.1',
};
const TEMPORARY = { fsync: 'off', synchronous_commit: 'on', full_page_writes: 'off' };
const MAX_TRIES = 40;
const RETRY_MS = 250;

/**
 * Starts a Postgres server from npm packages. It ends with `stop`, and whenever this process ends,
 * however that happens. A running server does not keep this process alive.
 * @throws LocalServerError
 */
export async function startPostgres(options: LocalPostgresOptions): Promise<LocalPostgres> {
  const user = serverUser();
  const found = findBinaries(options.version);
  const folders = new DataFolders(user, found, options.cacheDir);
  const binaries = await folders.reachableBinaries();
  const { dataDir } = options;
  const temporary = dataDir === undefined ? await folders.createTemporary() : undefined;
  const data = dataDir === undefined ? join(temporary ?? '', 'data') : await folders.open(dataDir);
  if (options.tls) folders.writeTls(data, options.tls);
  const socketDir = options.unixSocketDir ?? temporary ?? temporarySocketDir(user);
  const place: Place = { data, temporary, socketDir, password: folders.password(data) };
  const server = new Server({ options, binaries, user, place });
  try {
    await server.start();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

interface Place {
  readonly data: string;
  /** Folder to remove in the end. */
  readonly temporary: string | undefined;
  readonly socketDir: string;
  readonly password: string;
}

interface ServerParts {
  readonly options: LocalPostgresOptions;
  readonly binaries: Binaries;
  readonly user: ServerUser;
  readonly place: Place;
}

class Server implements LocalPostgres {
  readonly #parts: ServerParts;
  #settings: Record<string, string | number | boolean>;
  #port: number;
  #process: ServerProcess | undefined;

  constructor(parts: ServerParts) {
    const { options, place } = parts;
    this.#parts = parts;
    this.#port = options.port ?? 0;
    this.#settings = {
      ...DEFAULTS,
      ...(place.temporary === undefined ? {} : TEMPORARY),
      ...(options.tls ? { ssl: 'on' } : {}),
      ...options.settings,
    };
  }

  get version(): PostgresVersion {
    return this.#parts.options.version;
  }

  get port(): number {
    return this.#port;
  }

  get pid(): number {
    if (!this.#process) throw new Error('The server does not run.');
    return this.#process.pid;
  }

  get dataDir(): string {
    return this.#parts.place.data;
  }

  get log(): string {
    return this.#process?.log ?? '';
  }

  get url(): string {
    return this.#urlOf('127.0.0.1');
  }

  get unixSocketUrl(): string {
    return this.#urlOf(encodeURIComponent(this.#parts.place.socketDir));
  }

  async start(): Promise<void> {
    const fixedPort = this.#port !== 0;
    for (let tries = 1; ; tries++) {
      if (!fixedPort) this.#port = await freePort();
      const started = await this.#spawn();
      if ((await started.ready()) === 'ready') {
        this.#process = started;
        return;
      }
      const { log } = started;
      const mayPass = /already in use|lock file ".*" already exists|pre-existing shared/.test(log);
      if (!mayPass || tries === MAX_TRIES) throw startError(log, this.dataDir);
      await sleep(RETRY_MS);
    }
  }

  async restart(settings?: LocalPostgresOptions['settings']): Promise<void> {
    await this.#process?.end('SIGINT');
    this.#process = undefined;
    this.#settings = { ...this.#settings, ...settings };
    await this.start();
  }

  async kill9(): Promise<void> {
    await this.#process?.end('SIGKILL');
    this.#process = undefined;
  }

  async stop(): Promise<void> {
    const { temporary, socketDir } = this.#parts.place;
    // What vanishes anyway needs no orderly end, which replication clients could hold up.
    await this.#process?.end(temporary === undefined ? 'SIGINT' : 'SIGQUIT');
    this.#process = undefined;
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
    else if (this.#parts.options.unixSocketDir === undefined) {
      rmSync(socketDir, { recursive: true, force: true });
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #spawn(): Promise<ServerProcess> {
    const { binaries, user, place } = this.#parts;
    const settings = { ...this.#settings, unix_socket_directories: place.socketDir };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    return ServerProcess.spawn({
      program: binaries.postgres,
      args: ['-D', place.data, '-p', String(this.#port), ...flags],
      user,
      temporary: place.temporary,
    });
  }

  #urlOf(host: string): string {
    const { password } = this.#parts.place;
    return `postgresql://postgres:${password}@${host}:${this.#port}/postgres`;
  }
}

function temporarySocketDir(user: ServerUser): string {
  const folder = mkdtempSync(join(tmpdir(), 'cdc-pg-'));
  giveTo(user, folder, 0o700);
  return folder;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function startError(log: string, folder: string): LocalServerError {
  if (log.includes('lock file')) {
    return new LocalServerError(
      'local-servers/data-folder',
      `Another server runs on the data folder ${folder}.`,
    );
  }
  const lines = log.trim().split('\n').slice(-5).join('\n');
  return new LocalServerError('local-servers/start-failed', `Postgres did not start:\n${lines}`, {
    context: { folder },
  });
}
