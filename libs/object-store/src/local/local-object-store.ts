import { randomUUID } from 'node:crypto';
import { link, open, readFile, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ListOptions, ObjectStat, ObjectStore, ObjectWriter } from '@cdc-demo/cdc-core';
import { ObjectStoreError } from '../errors.ts';
import { assertKey } from '../key.ts';
import { makeFolder, syncFolder, writeFileDurably } from './durable-file.ts';
import { fileError, hasCode } from './file-error.ts';
import { LocalObjectWriter } from './local-object-writer.ts';
import { listFolder } from './list-folder.ts';

/**
 * Files below a folder of the local file system.
 *
 * Exclusive creation is `link(2)` of a finished, synced temporary file: unlike `rename` it fails
 * when the name is taken, unlike `O_EXCL` it never shows half a file. File and folder are synced
 * before a write resolves. Temporary files begin with `.` and end in `.tmp`; `list` leaves them
 * out.
 */
export class LocalObjectStore implements ObjectStore {
  readonly url: string;
  readonly #root: string;

  /** @param root the folder; made by the first write when it does not exist */
  constructor(root: string) {
    this.#root = resolve(root);
    this.url = `${pathToFileURL(this.#root).href}/`;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const path = this.#path(key);
    try {
      return await readFile(path);
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR')) return undefined;
      throw fileError(error, 'read', path);
    }
  }

  async getRange(key: string, start: number, end?: number): Promise<Uint8Array> {
    const path = this.#path(key);
    try {
      await using file = await open(path, 'r');
      const { size } = await file.stat();
      const from = start < 0 ? Math.max(0, size + start) : Math.min(start, size);
      const to = Math.max(from, Math.min(end ?? size, size));
      const bytes = Buffer.allocUnsafe(to - from);
      let filled = 0;
      while (filled < bytes.length) {
        const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, from + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw fileError(error, 'read', path);
      throw new ObjectStoreError('object-store/not-found', `There is no file ${path}`, {
        cause: error,
        context: { path },
      });
    }
  }

  async stat(key: string): Promise<ObjectStat | undefined> {
    const path = this.#path(key);
    try {
      const found = await stat(path);
      return found.isFile() ? { key, size: found.size, modifiedMs: found.mtimeMs } : undefined;
    } catch (error) {
      if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
      throw fileError(error, 'look at', path);
    }
  }

  async putIfAbsent(key: string, body: Uint8Array): Promise<'created' | 'exists'> {
    const path = this.#path(key);
    const temporary = temporaryPath(path);
    try {
      await makeFolder(dirname(path));
      await writeFileDurably(temporary, body);
      const created = await linkIfAbsent(temporary, path);
      await unlink(temporary);
      await syncFolder(dirname(path));
      return created ? 'created' : 'exists';
    } catch (error) {
      await removeQuietly(temporary);
      throw fileError(error, 'create', path);
    }
  }

  async put(key: string, body: Uint8Array): Promise<void> {
    const path = this.#path(key);
    const temporary = temporaryPath(path);
    try {
      await makeFolder(dirname(path));
      await writeFileDurably(temporary, body);
      await rename(temporary, path);
      await syncFolder(dirname(path));
    } catch (error) {
      await removeQuietly(temporary);
      throw fileError(error, 'write', path);
    }
  }

  async openWriter(key: string): Promise<ObjectWriter> {
    const path = this.#path(key);
    try {
      await makeFolder(dirname(path));
      return await LocalObjectWriter.open(temporaryPath(path), path);
    } catch (error) {
      throw fileError(error, 'create', path);
    }
  }

  list(prefix: string, options: ListOptions = {}): AsyncIterable<ObjectStat> {
    return listFolder(this.#root, prefix, options);
  }

  async delete(key: string): Promise<void> {
    const path = this.#path(key);
    try {
      await unlink(path);
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'ENOTDIR')) throw fileError(error, 'delete', path);
    }
  }

  #path(key: string): string {
    assertKey(key);
    return join(this.#root, key);
  }
}

function temporaryPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
}

async function linkIfAbsent(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Removes a temporary file after a failure whose error matters more than this one's. */
async function removeQuietly(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT', 'ENOTDIR', 'EROFS', 'EACCES')) {
      process.emitWarning(`Temporary file ${path} was left behind`);
    }
  });
}
