import type { ListOptions, ObjectStat, ObjectStore, ObjectWriter } from '@cdc-demo/cdc-core';

/** What went through a store. */
export interface Transfer {
  readonly requests: number;
  readonly bytes: number;
}

interface Counted {
  readonly key: string;
  readonly bytes: number;
}

/** Counts the bytes that are read of a store, and those of the objects that are put as a whole. */
export class CountedStore implements ObjectStore {
  readonly url: string;
  readonly #store: ObjectStore;
  readonly #read: Counted[] = [];
  readonly #put: Counted[] = [];

  constructor(store: ObjectStore) {
    this.#store = store;
    this.url = store.url;
  }

  /** What was read of the objects whose keys fit. */
  reads(fits: (key: string) => boolean = () => true): Transfer {
    return sumOf(this.#read, fits);
  }

  /** As `reads`, of what was put. */
  puts(fits: (key: string) => boolean = () => true): Transfer {
    return sumOf(this.#put, fits);
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    const bytes = await this.#store.get(key);
    this.#read.push({ key, bytes: bytes?.length ?? 0 });
    return bytes;
  }

  async getRange(key: string, start: number, end?: number): Promise<Uint8Array> {
    const bytes = await this.#store.getRange(key, start, end);
    this.#read.push({ key, bytes: bytes.length });
    return bytes;
  }

  stat(key: string): Promise<ObjectStat | undefined> {
    return this.#store.stat(key);
  }

  putIfAbsent(key: string, body: Uint8Array): Promise<'created' | 'exists'> {
    this.#put.push({ key, bytes: body.length });
    return this.#store.putIfAbsent(key, body);
  }

  put(key: string, body: Uint8Array): Promise<void> {
    this.#put.push({ key, bytes: body.length });
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

function sumOf(counted: readonly Counted[], fits: (key: string) => boolean): Transfer {
  const fitting = counted.filter(({ key }) => fits(key));
  const bytes = fitting.reduce((sum, each) => sum + each.bytes, 0);
  return { requests: fitting.length, bytes };
}
