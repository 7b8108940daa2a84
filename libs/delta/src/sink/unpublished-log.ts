import type { ListOptions, ObjectStat, ObjectStore, ObjectWriter } from '@cdc-demo/cdc-core';

/** Where logs of tables lie that nobody is to see; readers pass over names that begin so. */
export const UNPUBLISHED_FOLDER = '_unpublished/';
const LOG_FOLDER = '_delta_log/';

/**
 * A table's folder with another log: what is committed through it is a table for us alone, whose
 * files lie where the published one will have them.
 */
export class UnpublishedLog implements ObjectStore {
  readonly url: string;
  readonly #store: ObjectStore;
  readonly #folder: string;

  /** @param id tells this log from any other of the table */
  constructor(store: ObjectStore, id: string) {
    this.url = store.url;
    this.#store = store;
    this.#folder = `${UNPUBLISHED_FOLDER}${id}/`;
  }

  get(key: string): Promise<Uint8Array | undefined> {
    return this.#store.get(this.#real(key));
  }

  getRange(key: string, start: number, end?: number): Promise<Uint8Array> {
    return this.#store.getRange(this.#real(key), start, end);
  }

  stat(key: string): Promise<ObjectStat | undefined> {
    return this.#store.stat(this.#real(key));
  }

  putIfAbsent(key: string, body: Uint8Array): Promise<'created' | 'exists'> {
    return this.#store.putIfAbsent(this.#real(key), body);
  }

  put(key: string, body: Uint8Array): Promise<void> {
    return this.#store.put(this.#real(key), body);
  }

  openWriter(key: string): Promise<ObjectWriter> {
    return this.#store.openWriter(this.#real(key));
  }

  async *list(prefix: string, options: ListOptions = {}): AsyncGenerator<ObjectStat> {
    const { after } = options;
    const real = after === undefined ? options : { ...options, after: this.#real(after) };
    for await (const found of this.#store.list(this.#real(prefix), real)) {
      const isMoved = found.key.startsWith(this.#folder);
      yield { ...found, key: isMoved ? found.key.slice(this.#folder.length) : found.key };
    }
  }

  delete(key: string): Promise<void> {
    return this.#store.delete(this.#real(key));
  }

  #real(key: string): string {
    return key.startsWith(LOG_FOLDER) ? `${this.#folder}${key}` : key;
  }
}

/** Removes every unpublished log of a table; their files stay. */
export async function removeUnpublished(store: ObjectStore): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of store.list(UNPUBLISHED_FOLDER)) keys.push(key);
  await Promise.all(keys.map((key) => store.delete(key)));
}
