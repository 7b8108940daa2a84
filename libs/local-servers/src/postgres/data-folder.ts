import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { LocalServerError } from '../errors.ts';
import { binariesIn } from './binaries.ts';
import type { Binaries } from './binaries.ts';
import { giveTo, isReachable, ownFolder } from './server-user.ts';
import type { ServerUser } from './server-user.ts';

const run = promisify(execFile);

/** Each data folder carries the password of its superuser. */
const PASSWORD_FILE = 'cdc-demo.password';

/** What the server shows to clients that ask for TLS; both PEM. */
export interface ServerTls {
  readonly certificate: string;
  readonly privateKey: string;
}

/** Binaries and data folders on behalf of the user who runs the server. */
export class DataFolders {
  readonly #user: ServerUser;
  readonly #cache: string;
  readonly #binaries: Binaries;

  constructor(user: ServerUser, binaries: Binaries, cacheDir: string | undefined) {
    this.#user = user;
    this.#cache = cacheDir ?? join(tmpdir(), `cdc-demo-postgres-${user.uid}`);
    this.#binaries = binaries;
  }

  /** The binaries where the server's user can read them: copied out of a private home folder. */
  async reachableBinaries(): Promise<Binaries> {
    const { folder, packageVersion } = this.#binaries;
    if (isReachable(this.#user, folder)) return this.#binaries;
    const copy = join(this.#cache, `binaries-${packageVersion}`);
    if (!existsSync(copy)) {
      ownFolder(this.#user, this.#cache);
      const partial = this.#partial();
      await run('cp', ['-R', `${folder}/.`, partial]);
      await run('chown', ['-R', String(this.#user.uid), partial]);
      publish(partial, copy);
    }
    return binariesIn(copy, packageVersion);
  }

  /** A new folder with an empty cluster, below the system's folder for temporary files. */
  async createTemporary(): Promise<string> {
    const folder = mkdtempSync(join(tmpdir(), 'cdc-pg-'));
    giveTo(this.#user, folder, 0o700);
    await this.#copyTemplate(join(folder, 'data'));
    return folder;
  }

  /**
   * The folder that really holds the cluster of `dataDir`, created when there is none. When the
   * server's user cannot reach `dataDir`, that is a link to a folder below /var/tmp.
   */
  async open(dataDir: string): Promise<string> {
    const wanted = resolve(dataDir);
    if (existsSync(join(wanted, 'PG_VERSION'))) return this.#checked(realpathSync(wanted));
    mkdirSync(dirname(wanted), { recursive: true });
    const real = isReachable(this.#user, dirname(wanted)) ? wanted : this.#elsewhere(wanted);
    if (!existsSync(join(real, 'PG_VERSION'))) await this.#copyTemplate(real);
    return this.#checked(real);
  }

  password(folder: string): string {
    return readFileSync(join(folder, PASSWORD_FILE), 'utf8').trim();
  }

  writeTls(folder: string, tls: ServerTls): void {
    const files = { 'server.crt': tls.certificate, 'server.key': tls.privateKey };
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, name), text, { mode: 0o600 });
      giveTo(this.#user, join(folder, name), 0o600);
    }
  }

  #elsewhere(wanted: string): string {
    const name = createHash('sha256').update(wanted).digest('hex').slice(0, 16);
    const parent = join('/var/tmp', `cdc-demo-postgres-${this.#user.uid}`);
    ownFolder(this.#user, parent);
    const real = join(parent, name);
    rmSync(wanted, { force: true });
    symlinkSync(real, wanted);
    return real;
  }

  #checked(folder: string): string {
    const found = readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim();
    const wanted = this.#binaries.packageVersion.split('.')[0] ?? '';
    if (found !== wanted || !existsSync(join(folder, PASSWORD_FILE))) {
      throw new LocalServerError(
        'local-servers/data-folder',
        found === wanted
          ? `${folder} holds a Postgres cluster that was not made by this package.`
          : `${folder} holds a cluster of Postgres ${found}; this server is Postgres ${wanted}.`,
      );
    }
    const owner = statSync(folder).uid;
    if (owner === this.#user.uid) return folder;
    throw new LocalServerError(
      'local-servers/data-folder',
      `${folder} belongs to user ${owner}; the server runs as user ${this.#user.uid}.`,
    );
  }

  async #copyTemplate(target: string): Promise<void> {
    const template = join(this.#cache, `template-${this.#binaries.packageVersion}`);
    if (!existsSync(template)) await this.#createTemplate(template);
    mkdirSync(target, { recursive: true, mode: 0o700 });
    giveTo(this.#user, target, 0o700);
    await run('cp', ['-Rp', `${template}/.`, target], this.#user.identity);
  }

  async #createTemplate(template: string): Promise<void> {
    ownFolder(this.#user, this.#cache);
    const partial = this.#partial();
    const passwordFile = `${partial}.password`;
    writeFileSync(passwordFile, `${randomBytes(18).toString('base64url')}\n`, { mode: 0o600 });
    giveTo(this.#user, passwordFile, 0o600);
    const { initdb } = await this.reachableBinaries();
    await run(
      initdb,
      [
        `--pgdata=${partial}`,
        `--pwfile=${passwordFile}`,
        '--username=postgres',
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--no-sync',
      ],
      { ...this.#user.identity, env: { ...process.env, LC_ALL: 'C' } },
    );
    renameSync(passwordFile, join(partial, PASSWORD_FILE));
    publish(partial, template);
  }

  #partial(): string {
    const partial = mkdtempSync(join(this.#cache, 'partial-'));
    giveTo(this.#user, partial, 0o700);
    return partial;
  }
}

/** Gives a finished folder its name; of several processes that made one, the first wins. */
function publish(partial: string, final: string): void {
  try {
    renameSync(partial, final);
  } catch (error) {
    if (!existsSync(final)) throw error;
    rmSync(partial, { recursive: true, force: true });
  }
}
