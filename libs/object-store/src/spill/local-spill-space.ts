import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rm, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { SpillFile, SpillSpace } from '@cdc-demo/cdc-core';
import { ObjectStoreError } from '../errors.ts';

const PREFIX = 'spill-';
/** Rows of the source stand in these files: they are their owner's alone. */
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Buffers that one call to the system takes at most (IOV_MAX). */
const PIECES_PER_CALL = 1024;

export interface LocalSpillOptions {
  /** Made when it is missing. Files in it whose names begin with `spill-` are ours. */
  readonly folder: string;
  /** Bytes that all files together may have; as much as the disk has unless given. */
  readonly maxBytes?: number;
}

/**
 * Room in a folder of the local disk. A file loses its name as soon as it is open: the system
 * gives its room back when the process ends, however it ends. What a crash between the two steps
 * left is removed by the first file that is made.
 */
export class LocalSpillSpace implements SpillSpace {
  readonly #options: LocalSpillOptions;
  #prepared: Promise<void> | undefined;
  #usedBytes = 0;

  constructor(options: LocalSpillOptions) {
    this.#options = options;
  }

  /** Bytes that all files have together. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  async create(): Promise<SpillFile> {
    const { folder } = this.#options;
    try {
      await (this.#prepared ??= prepare(folder));
      const path = join(folder, `${PREFIX}${randomUUID()}`);
      const handle = await open(path, 'wx+', FILE_MODE);
      await unlink(path).catch(ignoreMissing);
      return new LocalSpillFile(handle, (bytes) => this.#take(bytes));
    } catch (error) {
      this.#prepared = undefined;
      throw spillError(error, folder);
    }
  }

  #take(bytes: number): void {
    const { folder, maxBytes } = this.#options;
    if (maxBytes !== undefined && this.#usedBytes + bytes > maxBytes) {
      throw new ObjectStoreError(
        'object-store/spill-full',
        `The changes that wait on disk in ${folder} need more than ${maxBytes} bytes`,
        { context: { folder, maxBytes } },
      );
    }
    this.#usedBytes += bytes;
  }
}

class LocalSpillFile implements SpillFile {
  readonly #handle: FileHandle;
  readonly #take: (bytes: number) => void;
  #size = 0;
  #released: Promise<void> | undefined;

  constructor(handle: FileHandle, take: (bytes: number) => void) {
    this.#handle = handle;
    this.#take = take;
  }

  get size(): number {
    return this.#size;
  }

  async append(pieces: readonly Uint8Array[]): Promise<void> {
    this.#take(pieces.reduce((sum, { length }) => sum + length, 0));
    for (let i = 0; i < pieces.length; i += PIECES_PER_CALL) {
      await this.#write(pieces.slice(i, i + PIECES_PER_CALL));
    }
  }

  async read(start: number, length: number): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const { bytesRead } = await this.#handle.read(bytes, at, length - at, start + at);
      if (bytesRead === 0) throw new RangeError('A spill file ends before what is asked of it');
      at += bytesRead;
    }
    return bytes;
  }

  async truncate(size: number): Promise<void> {
    if (size >= this.#size) return;
    this.#take(size - this.#size);
    this.#size = size;
    await this.#handle.truncate(size);
  }

  release(): Promise<void> {
    this.#released ??= this.#close();
    return this.#released;
  }

  async #write(pieces: Uint8Array[]): Promise<void> {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    try {
      let { bytesWritten } = await this.#handle.writev(pieces, this.#size);
      if (bytesWritten < length) {
        // The rare case of a partial write: the rest in one piece.
        const rest = Buffer.concat(pieces);
        for (; bytesWritten < length; ) {
          const at = this.#size + bytesWritten;
          const done = await this.#handle.write(rest, bytesWritten, length - bytesWritten, at);
          bytesWritten += done.bytesWritten;
        }
      }
      this.#size += length;
    } catch (error) {
      throw spillError(error, 'the spill folder');
    }
  }

  async #close(): Promise<void> {
    this.#take(-this.#size);
    await this.#handle.close();
  }
}

async function prepare(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  for (const name of await readdir(folder)) {
    if (name.startsWith(PREFIX)) await rm(join(folder, name), { force: true });
  }
}

/** Another process of the same folder may have swept the name. */
function ignoreMissing(error: unknown): void {
  if (codeOf(error) !== 'ENOENT') throw error;
}

function spillError(cause: unknown, folder: string): unknown {
  const code = codeOf(cause);
  if (code === undefined) return cause;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG';
  return new ObjectStoreError(
    isFull ? 'object-store/spill-full' : 'object-store/spill-failed',
    isFull
      ? `There is no room left on the disk of ${folder} for changes that do not fit into memory`
      : `Changes that do not fit into memory cannot be kept in ${folder}: ${code}`,
    { cause, context: { folder, errno: code } },
  );
}

function codeOf(error: unknown): string | undefined {
  const isObject = typeof error === 'object' && error !== null && 'code' in error;
  return isObject && typeof error.code === 'string' ? error.code : undefined;
}
