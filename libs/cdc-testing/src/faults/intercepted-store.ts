import type { ListOptions, ObjectStat, ObjectStore, ObjectWriter } from '@cdc-demo/cdc-core';
import type { Around } from './port-call.ts';

/** A store every call of which goes through `around`, those of its writers included. */
export class InterceptedStore implements ObjectStore {
  readonly url: string;
  readonly #store: ObjectStore;
  readonly #around: Around;

  constructor(store: ObjectStore, around: Around) {
    this.url = store.url;
    this.#store = store;
    this.#around = around;
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#call('get', key, () => this.#store.get(key));
  }

  getRange(key: string, start: number, end?: number): Promise<Uint8Array> {
    return this.#call('getRange', key, () => this.#store.getRange(key, start, end));
  }

  stat(key: string): Promise<ObjectStat | undefined> {
    return this.#call('stat', key, () => this.#store.stat(key));
  }

  async *list(prefix: string, options?: ListOptions): AsyncGenerator<ObjectStat> {
    yield* await this.#call('list', prefix, () =>
      Promise.resolve(this.#store.list(prefix, options)),
    );
  }

  putIfAbsent(key: string, body: Uint8Array): Promise<'created' | 'exists'> {
    const call = { port: 'store', operation: 'putIfAbsent', key, body } as const;
    return this.#around(call, () => this.#store.putIfAbsent(key, body));
  }

  put(key: string, body: Uint8Array): Promise<void> {
    return this.#call('put', key, () => this.#store.put(key, body));
  }

  delete(key: string): Promise<void> {
    return this.#call('delete', key, () => this.#store.delete(key));
  }

  async openWriter(key: string): Promise<ObjectWriter> {
    const inner = await this.#call('openWriter', key, () => this.#store.openWriter(key));
    const call = this.#call.bind(this);
    return {
      get size() {
        return inner.size;
      },
      write: (bytes) => call('write', key, () => inner.write(bytes)),
      close: () => call('close', key, () => inner.close()),
      abort: () => call('abort', key, () => inner.abort()),
    };
  }

  #call<T>(operation: string, key: string, proceed: () => Promise<T>): Promise<T> {
    return this.#around({ port: 'store', operation, key }, proceed);
  }
}
