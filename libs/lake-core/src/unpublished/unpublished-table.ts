import type { ListOptions, ObjectStat, ObjectStore, ObjectWriter } from '@cdc-demo/cdc-core';

/** Where the logs or metadata of tables lie that nobody is to see; readers pass over such names. */
export const UNPUBLISHED_FOLDER = '_unpublished/';

/**
 * A table's folder with another log, or other metadata: what is committed through it is a table for
 * us alone, whose files lie where the published one will have them.
 */
export class UnpublishedTable implements ObjectStore {
  readonly url: string;
  readonly #store: ObjectStore;
  readonly #logFolder: string;
  readonly #folder: string;

  /**
   * @param logFolder of the format, with its `/`
   * @param id tells this table from any other in the folder
   */
  constructor(store: ObjectStore, logFolder: string, id: string) {
    this.url = store.url;
    this.#store = store;
    this.#logFolder = logFolder;
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
    return key.startsWith(this.#logFolder) ? `${this.#folder}${key}` : key;
  }
}

/** The ids of the unpublished tables of a folder. */
export async function unpublishedIds(store: ObjectStore): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for await (const { key } of store.list(UNPUBLISHED_FOLDER)) {
    ids.add(key.slice(UNPUBLISHED_FOLDER.length).split('/', 1)[0] ?? '');
  }
  return ids;
}

/** Removes the logs, or the metadata, of all unpublished tables of a folder; other files stay. */
export async function removeUnpublished(store: ObjectStore): Promise<void> {
  const keys: string[] = [];
  for await (const { key } of store.list(UNPUBLISHED_FOLDER)) keys.push(key);
  await Promise.all(keys.map((key) => store.delete(key)));
}
