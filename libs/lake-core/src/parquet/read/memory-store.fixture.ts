import type { ObjectStore } from '@cdc-demo/cdc-core';

type Reads = Pick<ObjectStore, 'url' | 'get' | 'getRange' | 'stat'>;

/** Files in memory for readers; counts what is read. */
export class MemoryStore implements Reads {
  readonly url = 'memory:///';
  readonly files = new Map<string, Uint8Array>();
  requests = 0;
  bytesRead = 0;

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.files.get(key);
  }

  async getRange(key: string, start: number, end?: number): Promise<Uint8Array> {
    const bytes = this.#counted(key).slice(start, end);
    this.bytesRead += bytes.length;
    return bytes;
  }

  async stat(key: string): Promise<{ key: string; size: number; modifiedMs: number } | undefined> {
    const file = this.files.get(key);
    return file && { key, size: file.length, modifiedMs: 0 };
  }

  /** As the port that readers take; writing through it fails. */
  get port(): ObjectStore {
    return this as unknown as ObjectStore;
  }

  #counted(key: string): Uint8Array {
    this.requests++;
    const file = this.files.get(key);
    if (!file) throw new Error(`There is no file ${key}`);
    return file;
  }
}
