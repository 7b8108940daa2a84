/**
 * Files under a root, by `/`-separated keys relative to it. A key is used literally (no URL
 * decoding);
 * keys with an empty, `.` or `..` segment, a NUL, or a leading `/` are refused. No key may
 * be the folder of another (`a` beside `a/b`): file systems cannot hold both.
 *
 * Durability: when a writing call resolves, the object survives a crash of process and machine.
 */
export interface ObjectStore {
  /** Where keys hang, as URL with a trailing slash: `file:///data/lake/`, `s3://bucket/prefix/`. */
  readonly url: string;

  /** The whole object, or undefined if there is none. */
  get(key: string): Promise<Uint8Array | undefined>;

  /**
   * Bytes [start, end) of an object; a negative `start` counts from its end (then `end` is left
   * out).
   * Reading past the end gives what there is.
   * @throws ObjectStoreError `object-store/not-found`
   */
  getRange(key: string, start: number, end?: number): Promise<Uint8Array>;

  /** Size and time of last change, or undefined if there is no such object. */
  stat(key: string): Promise<ObjectStat | undefined>;

  /**
   * Creates an object exclusively: of any number of callers, in any processes, one gets `created`.
   * Readers see the whole object or none. A call that throws may have succeeded.
   */
  putIfAbsent(key: string, body: Uint8Array): Promise<'created' | 'exists'>;

  /** Creates or replaces an object as a whole. */
  put(key: string, body: Uint8Array): Promise<void>;

  /** Writes a new object piece by piece; nothing is visible before `close`. */
  openWriter(key: string): Promise<ObjectWriter>;

  /**
   * Objects whose key begins with `prefix` and is greater than `after`, in ascending order of their
   * UTF-8 bytes. With `delimiter: '/'` only those whose rest after `prefix` has no further `/`.
   */
  list(prefix: string, options?: ListOptions): AsyncIterable<ObjectStat>;

  /** Deletes an object; one that does not exist is not an error. */
  delete(key: string): Promise<void>;
}

export interface ListOptions {
  /** Exclusive lower bound, a whole key. */
  readonly after?: string;
  readonly delimiter?: '/';
}

export interface ObjectStat {
  readonly key: string;
  readonly size: number;
  /** Milliseconds since the epoch, by the store's clock. */
  readonly modifiedMs: number;
}

export interface ObjectWriter {
  /** Bytes written so far. */
  readonly size: number;
  /** Appends bytes; the caller may reuse the array when the promise resolves. */
  write(bytes: Uint8Array): Promise<void>;
  /** Makes the object visible and durable. */
  close(): Promise<void>;
  /** Forgets what was written. Safe after a failed `write` or `close`, and twice. */
  abort(): Promise<void>;
}
