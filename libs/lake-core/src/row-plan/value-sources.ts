import { grown } from '@cdc-demo/cdc-core';

/** Nothing is known that holds the value. */
export const UNKNOWN_SOURCE = -1;

/**
 * Where the UNCHANGED values of images are found: for a value the number of an image that has it,
 * or the stored row of a key, or UNKNOWN_SOURCE.
 */
export class ValueSources {
  readonly #byField: (Int32Array | undefined)[] = [];

  set(field: number, image: number, source: number): void {
    let sources = this.#byField[field];
    if (!sources || image >= sources.length) {
      const capacity = Math.max(image + 1, (sources?.length ?? 128) * 2);
      sources = sources ? grown(sources, capacity) : new Int32Array(capacity);
      this.#byField[field] = sources;
    }
    sources[image] = source;
  }

  /** What `set` was given for an UNCHANGED value. */
  get(field: number, image: number): number {
    return this.#byField[field]?.[image] ?? UNKNOWN_SOURCE;
  }

  /** The source that is the stored row of a key. */
  static stored(key: number): number {
    return -2 - key;
  }

  /** The key whose stored row `source` is, or -1 when it is no stored row. */
  static keyOf(source: number): number {
    return source <= -2 ? -2 - source : -1;
  }
}
