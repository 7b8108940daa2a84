import { open, rename, unlink } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ObjectWriter } from '@cdc-demo/cdc-core';
import { syncFolder } from './durable-file.ts';
import { fileError, hasCode } from './file-error.ts';

/** Writes a temporary file and gives it its name when it is complete and synced. */
export class LocalObjectWriter implements ObjectWriter {
  size = 0;
  readonly #file: FileHandle;
  readonly #temporary: string;
  readonly #path: string;
  #state: 'open' | 'closed' | 'aborted' = 'open';

  /** @param file a new, empty file at `temporary`; the writer owns it */
  constructor(file: FileHandle, temporary: string, path: string) {
    this.#file = file;
    this.#temporary = temporary;
    this.#path = path;
  }

  static async open(temporary: string, path: string): Promise<LocalObjectWriter> {
    return new LocalObjectWriter(await open(temporary, 'wx'), temporary, path);
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      let written = 0;
      while (written < bytes.length) {
        const { bytesWritten } = await this.#file.write(bytes, written);
        written += bytesWritten;
      }
      this.size += bytes.length;
    } catch (error) {
      throw fileError(error, 'write', this.#path);
    }
  }

  async close(): Promise<void> {
    try {
      await this.#file.datasync();
      await this.#file.close();
      await rename(this.#temporary, this.#path);
      await syncFolder(dirname(this.#path));
      this.#state = 'closed';
    } catch (error) {
      throw fileError(error, 'write', this.#path);
    }
  }

  async abort(): Promise<void> {
    if (this.#state !== 'open') return;
    this.#state = 'aborted';
    await this.#file.close();
    try {
      await unlink(this.#temporary);
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw fileError(error, 'delete', this.#temporary);
    }
  }
}
