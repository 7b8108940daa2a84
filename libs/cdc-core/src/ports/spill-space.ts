/**
 * Room on local disk for what does not fit into memory. Nothing in it outlives the process, and
 * nothing in it is needed after a crash.
 */
export interface SpillSpace {
  /** A new, empty file. @throws CdcError when there is no room */
  create(): Promise<SpillFile>;
}

/** Bytes that are appended and read back by whoever made the file. */
export interface SpillFile {
  readonly size: number;
  /**
   * Appends the pieces one behind the other; they may be used again when the promise resolves. One
   * call at a time.
   * @throws CdcError when there is no room
   */
  append(pieces: readonly Uint8Array[]): Promise<void>;
  /** Bytes [start, start + length), which were appended; a new array at the start of its buffer. */
  read(start: number, length: number): Promise<Uint8Array>;
  /** Takes back everything from `size` on. */
  truncate(size: number): Promise<void>;
  /** Gives the room back. Safe twice. */
  release(): Promise<void>;
}
