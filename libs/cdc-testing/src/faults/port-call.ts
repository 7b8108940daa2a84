/** A call of a port that a test stands in the way of. */
export interface PortCall {
  readonly port: 'store' | 'source' | 'catalog';
  /**
   * The method's name; for a source also `message`: one that it hands over. For a catalog service
   * the HTTP method.
   */
  readonly operation: string;
  /** A key of the store, the kind of a message, the path of a URL, or nothing. */
  readonly key: string;
  /** What is created or sent, where the call has all of it. */
  readonly body?: Uint8Array;
}

/**
 * What a test does around a call. `proceed` makes the call, once: at once, later or never; the
 * answer may be kept back. A process that is gone never answers.
 */
export type Around = <T>(call: PortCall, proceed: () => Promise<T>) => Promise<T>;
