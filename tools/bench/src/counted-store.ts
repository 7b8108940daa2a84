import type { ListOptions, ObjectStat, ObjectStore, ObjectWriter } from '@cdc-demo/cdc-core';

/** What went through a store. */
export interface Transfer {
  readonly requests: number;
  readonly bytes: number;
}

const NOTHING: Transfer = { requests: 0, bytes: 0 };

/** What tells of the table, or its rows and which of them are deleted. */
export type ObjectKind = 'log' | 'data';

/** Delta's log, Iceberg's metadata. */
const LOG = /^(_delta_log|metadata)\//;

/** Counts the bytes that are read of a store, and those of the objects that are put as a whole. */
export class CountedStore implements ObjectStore {
  readonly url: string;
  readonly reads = { log: NOTHING, data: NOTHING };
  readonly puts = { log: NOTHING, data: NOTHING };
  readonly #store: ObjectStore;

  constructor(store: ObjectStore) {
    this.#store = store;
    this.url = store.url;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const bytes = await this.#store.get(key);
    count(this.reads, key, bytes?.length ?? 0);
    return bytes;
  }

  async getRange(key: string, start: number, end?: number): Promise<Uint8Array> {
    const bytes = await this.#store.getRange(key, start, end);
    count(this.reads, key, bytes.length);
    return bytes;
  }

  stat(key: string): Promise<ObjectStat | undefined> {
    return this.#store.stat(key);
  }

  putIfAbsent(key: string, body: Uint8Array): Promise<'created' | 'exists'> {
    count(this.puts, key, body.length);
    return this.#store.putIfAbsent(key, body);
  }

  put(key: string, body: Uint8Array): Promise<void> {
    count(this.puts, key, body.length);
    return this.#store.put(key, body);
  }

  openWriter(key: string): Promise<ObjectWriter> {
    return this.#store.openWriter(key);
  }

  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectStat> {
    return this.#store.list(prefix, options);
  }

  delete(key: string): Promise<void> {
    return this.#store.delete(key);
  }
}

function count(counted: Record<ObjectKind, Transfer>, key: string, bytes: number): void {
  const kind = LOG.test(key) ? 'log' : 'data';
  const { requests, bytes: before } = counted[kind];
  counted[kind] = { requests: requests + 1, bytes: before + bytes };
}
