import { readdir, stat } from 'node:fs/promises';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import type { ListOptions, ObjectStat } from '@cdc-demo/cdc-core';
import { compareKeys } from '../key.ts';
import { fileError, hasCode } from './file-error.ts';

/** A name to visit: a file, or a folder with the slash that orders it among files. */
interface Entry {
  readonly name: string;
  readonly isFolder: boolean;
}

/** The files below `root` as `ObjectStore.list` wants them. */
export async function* listFolder(
  root: string,
  prefix: string,
  options: ListOptions,
): AsyncGenerator<ObjectStat> {
  const slash = prefix.lastIndexOf('/') + 1;
  yield* walk({ root, prefix, options }, prefix.slice(0, slash));
}

interface Walk {
  readonly root: string;
  readonly prefix: string;
  readonly options: ListOptions;
}

async function* walk(walked: Walk, folder: string): AsyncGenerator<ObjectStat> {
  const { root, prefix, options } = walked;
  for (const { name, isFolder } of await entries(join(root, folder))) {
    const key = folder + name;
    if (isFolder) {
      const mayMatch = key.startsWith(prefix) || prefix.startsWith(key);
      const isDelimited = options.delimiter === '/' && key.length > prefix.length;
      const isBefore =
        options.after !== undefined &&
        compareKeys(key, options.after) < 0 &&
        !options.after.startsWith(key);
      if (mayMatch && !isDelimited && !isBefore) yield* walk(walked, key);
    } else if (key.startsWith(prefix) && isAfter(key, options.after)) {
      const found = await describe(root, key);
      if (found) yield found;
    }
  }
}

function isAfter(key: string, after: string | undefined): boolean {
  return after === undefined || compareKeys(key, after) > 0;
}

async function entries(path: string): Promise<readonly Entry[]> {
  let found: Dirent[];
  try {
    found = await readdir(path, { withFileTypes: true });
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw fileError(error, 'list', path);
  }
  return found
    .filter((entry) => !(entry.name.startsWith('.') && entry.name.endsWith('.tmp')))
    .map((entry) => ({
      name: entry.isDirectory() ? `${entry.name}/` : entry.name,
      isFolder: entry.isDirectory(),
    }))
    .sort((a, b) => compareKeys(a.name, b.name));
}

/** Undefined when the file is gone since its folder was read. */
async function describe(root: string, key: string): Promise<ObjectStat | undefined> {
  const path = join(root, key);
  try {
    const found = await stat(path);
    return { key, size: found.size, modifiedMs: found.mtimeMs };
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw fileError(error, 'look at', path);
  }
}
