import type { CdcError, ErrorContext, ObjectStore } from '@cdc-demo/cdc-core';

/** Where a reader keeps his place. */
export interface PlaceFile {
  readonly store: ObjectStore;
  readonly key: string;
}

/** Up to where a reader has read a table's changes. */
export interface Place {
  /** The table's own id, whatever lies where it lay. */
  readonly tableId: string;
  /** The last version or snapshot that was read. */
  readonly at: bigint;
}

export interface PlaceFormat {
  /** The names of the two in the file, whose values are text: versions have 64 bits. */
  readonly names: Readonly<Record<keyof Place, string>>;
  /** The error for a file that holds something else. */
  readonly corrupt: (message: string, context: ErrorContext) => CdcError;
}

/** A reader's place in the changes of a table, in a file of his own. */
export class ReaderPlace {
  readonly #file: PlaceFile;
  readonly #format: PlaceFormat;

  constructor(file: PlaceFile, format: PlaceFormat) {
    this.#file = file;
    this.#format = format;
  }

  /** Undefined before the first `save`. @throws `PlaceFormat.corrupt` */
  async load(): Promise<Place | undefined> {
    const { store, key } = this.#file;
    const bytes = await store.get(key);
    if (!bytes) return undefined;
    const { names, corrupt } = this.#format;
    const found = parse(Buffer.from(bytes).toString('utf8'), names);
    if (found) return found;
    const file = `${store.url}${key}`;
    throw corrupt(`${file} is not a tracker's file`, { file });
  }

  async save({ tableId, at }: Place): Promise<void> {
    const { names } = this.#format;
    const text = JSON.stringify({ [names.tableId]: tableId, [names.at]: at.toString() });
    await this.#file.store.put(this.#file.key, Buffer.from(`${text}\n`));
  }
}

function parse(text: string, names: PlaceFormat['names']): Place | undefined {
  try {
    const json = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const { [names.tableId]: tableId, [names.at]: at } = json;
    if (typeof tableId !== 'string' || typeof at !== 'string') return undefined;
    return /^\d+$/.test(at) ? { tableId, at: BigInt(at) } : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
