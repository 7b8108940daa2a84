import { existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import promises from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { dirname } from 'node:path';

/** A name in a folder that is not synced. */
interface UnsyncedName {
  readonly folder: string;
  readonly undo: () => void;
}

/**
 * What a machine forgets that loses its power: bytes of files that were not synced, and names in
 * folders that were not. Watches the files that this process writes from `install` on.
 */
export class UnsyncedWrites {
  readonly #files = new Set<string>();
  #names: UnsyncedName[] = [];

  /** Takes the place of the functions of `node:fs/promises` that write. */
  static install(): UnsyncedWrites {
    const writes = new UnsyncedWrites();
    const { open, rename, link } = promises;
    Object.assign(promises, {
      open: async (...args: Parameters<typeof open>): Promise<FileHandle> => {
        const handle = await open(...args);
        return writes.#watch(handle, String(args[0]), args[1]);
      },
      rename: async (from: string, to: string): Promise<void> => {
        const old = existsSync(to) ? readFileSync(to) : undefined;
        await rename(from, to);
        if (writes.#files.delete(from)) writes.#files.add(to);
        writes.#named(to, () => (old ? writeFileSync(to, old) : rmSync(to, { force: true })));
      },
      link: async (from: string, to: string): Promise<void> => {
        await link(from, to);
        writes.#named(to, () => rmSync(to, { force: true }));
      },
    });
    syncBuiltinESMExports();
    return writes;
  }

  /** The power is gone: call it right before the process ends. */
  lose(): void {
    for (const { undo } of this.#names.reverse()) undo();
    for (const path of this.#files) if (existsSync(path)) truncateSync(path, 0);
  }

  #watch(handle: FileHandle, path: string, flags: unknown): FileHandle {
    if (typeof flags === 'string' && /[wa+]/.test(flags)) this.#files.add(path);
    const synced = (): void => {
      this.#files.delete(path);
      this.#names = this.#names.filter(({ folder }) => folder !== path);
    };
    const [sync, datasync] = [handle.sync.bind(handle), handle.datasync.bind(handle)];
    return Object.assign(handle, {
      sync: () => sync().then(synced),
      datasync: () => datasync().then(synced),
    });
  }

  #named(path: string, undo: () => void): void {
    this.#names.push({ folder: dirname(path), undo });
  }
}
