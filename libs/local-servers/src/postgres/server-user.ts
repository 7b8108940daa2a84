import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Who runs the server: ourselves, or somebody else because Postgres refuses to run as root. */
export interface ServerUser {
  /** For `spawn`; empty when the server runs as ourselves. */
  readonly identity: { readonly uid: number; readonly gid: number } | Record<string, never>;
  readonly uid: number;
}

/** `postgres`, or `nobody` where there is no such user. */
const SUBSTITUTES = ['postgres', 'nobody'];

export function serverUser(): ServerUser {
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { identity: {}, uid };
  for (const name of SUBSTITUTES) {
    const ids = idsOf(name);
    if (ids) return { identity: ids, uid: ids.uid };
  }
  throw new Error('Postgres does not run as root, and there is neither user postgres nor nobody.');
}

function idsOf(name: string): { uid: number; gid: number } | undefined {
  const id = (flag: string): number =>
    Number(
      execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
  try {
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined; // `id` fails for a user that does not exist.
  }
}

/** Makes a file or folder the server's own and nobody else's. */
export function giveTo(user: ServerUser, path: string, mode: number): void {
  chmodSync(path, mode);
  if ('uid' in user.identity) chownSync(path, user.identity.uid, user.identity.gid);
}

/**
 * Creates a folder that only the server's user can use.
 * @throws Error when it exists and belongs to somebody else: what lies there cannot be trusted.
 */
export function ownFolder(user: ServerUser, path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const stat = lstatSync(path);
  const own = stat.uid === user.uid || stat.uid === process.getuid?.();
  if (!stat.isDirectory() || !own) throw new Error(`${path} belongs to somebody else.`);
  giveTo(user, path, 0o700);
}

/** Can a user who is neither owner nor of the group walk down to `path`? */
export function isReachable(user: ServerUser, path: string): boolean {
  if (!('uid' in user.identity)) return true;
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    const stat = statSync(folder, { throwIfNoEntry: false });
    if (stat && stat.uid !== user.uid && (stat.mode & 0o001) === 0) return false;
  }
  return true;
}
