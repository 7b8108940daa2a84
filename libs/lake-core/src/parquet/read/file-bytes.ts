import type { ObjectStore } from '@cdc-demo/cdc-core';
import { ObjectStoreError } from '@cdc-demo/object-store';
import type { Place } from './place.ts';

/** Bytes [start, end) of a file. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Read with the footer in one go: small files as a whole, and most page indexes. */
const TAIL_BYTES = 64 * 1024;
/** Ranges with no more between them than this are read as one, unless the caller says another. */
const MAX_GAP_BYTES = 128 * 1024;
/** Ranges of one call that are fetched at the same time: each may take a handle of its own. */
const FETCHES_AT_ONCE = 32;

/** Reads parts of one file, near ones together. */
export class FileBytes {
  readonly place: Place;
  readonly size: number;
  readonly #store: ObjectStore;
  readonly #tail: FetchedRange;

  private constructor(store: ObjectStore, place: Place, tail: FetchedRange) {
    this.#store = store;
    this.place = place;
    this.size = tail.end;
    this.#tail = tail;
  }

  /**
   * @param size the file's size in bytes where the caller knows it; saves a request
   * @throws ObjectStoreError `object-store/not-found`
   */
  static async open(store: ObjectStore, place: Place, size?: number): Promise<FileBytes> {
    const end = size ?? (await sizeOf(store, place.file));
    const start = Math.max(0, end - TAIL_BYTES);
    const bytes = await store.getRange(place.file, start, end);
    if (bytes.length !== end - start) throw place.corrupt('it is shorter than it should be');
    return new FileBytes(store, place, { start, end, bytes });
  }

  /** Memory that the object keeps. */
  get byteSize(): number {
    return this.#tail.bytes.length;
  }

  /**
   * @param gapBytes what may be read in vain between two ranges, to save a request
   * @throws LakeError for a range that is not within the file
   */
  async read(ranges: readonly ByteRange[], gapBytes = MAX_GAP_BYTES): Promise<FetchedBytes> {
    for (const { start, end } of ranges) {
      if (!(start >= 0 && start <= end && end <= this.size)) {
        throw this.place.corrupt('it points beyond its end');
      }
    }
    const waiting = joinedRanges(ranges, gapBytes).entries();
    const fetched: FetchedRange[] = [];
    const fetchNext = async (): Promise<void> => {
      for (const [i, range] of waiting) fetched[i] = await this.#fetch(range);
    };
    await Promise.all(Array.from({ length: FETCHES_AT_ONCE }, fetchNext));
    return new FetchedBytes(fetched);
  }

  async #fetch({ start, end }: ByteRange): Promise<FetchedRange> {
    const tail = this.#tail;
    if (start >= tail.start) {
      return { start, end, bytes: tail.bytes.subarray(start - tail.start, end - tail.start) };
    }
    const bytes = await this.#store.getRange(this.place.file, start, end);
    if (bytes.length !== end - start) throw this.place.corrupt('it ends too early');
    return { start, end, bytes };
  }
}

interface FetchedRange extends ByteRange {
  readonly bytes: Uint8Array;
}

/** What was read, to be taken apart again. */
export class FetchedBytes {
  readonly #ranges: readonly FetchedRange[];

  constructor(ranges: readonly FetchedRange[]) {
    this.#ranges = ranges;
  }

  /** A view of a range that was asked for. */
  slice({ start, end }: ByteRange): Uint8Array {
    const { length } = this.#ranges;
    let low = 0;
    let high = length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#ranges[middle]?.start ?? 0) <= start) low = middle;
      else high = middle - 1;
    }
    const range = this.#ranges[low];
    if (!range || start < range.start || end > range.end) {
      throw new RangeError('These bytes were not asked for');
    }
    return range.bytes.subarray(start - range.start, end - range.start);
  }
}

async function sizeOf(store: ObjectStore, key: string): Promise<number> {
  const found = await store.stat(key);
  if (found) return found.size;
  const url = `${store.url}${key}`;
  throw new ObjectStoreError('object-store/not-found', `There is no file ${url}`, {
    context: { url },
  });
}

function joinedRanges(ranges: readonly ByteRange[], gapBytes: number): ByteRange[] {
  const joined: { start: number; end: number }[] = [];
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    const last = joined.at(-1);
    if (last && start <= last.end + gapBytes) last.end = Math.max(last.end, end);
    else joined.push({ start, end });
  }
  return joined;
}
