const TEXT = /^(\d+):(\d+):((?:\d+(?:,\d+)*)?)$/;
const EPOCH = 1n << 32n;

/**
 * A `pg_snapshot`: which transactions were over when it was taken (Postgres, "Transaction ID and
 * Snapshot Information Functions"). Its numbers are those of top-level transactions, as is the one
 * that BEGIN carries in the log.
 */
export class TransactionSnapshot {
  /** Every transaction below it was over. */
  readonly xmin: bigint;
  /** No transaction from it on had begun. */
  readonly xmax: bigint;
  readonly #inProgress: ReadonlySet<bigint>;
  readonly #text: string;

  private constructor(text: string, [xmin, xmax]: readonly [bigint, bigint], xip: string) {
    this.#text = text;
    this.xmin = xmin;
    this.xmax = xmax;
    this.#inProgress = new Set(xip === '' ? [] : xip.split(',').map(BigInt));
  }

  /** @throws SyntaxError when `text` is not what `pg_current_snapshot()` gives */
  static parse(text: string): TransactionSnapshot {
    const [, xmin, xmax, xip] = TEXT.exec(text) ?? [];
    if (xmin === undefined || xmax === undefined || xip === undefined) {
      throw new SyntaxError(`Not a pg_snapshot: ${JSON.stringify(text.slice(0, 64))}`);
    }
    return new TransactionSnapshot(text, [BigInt(xmin), BigInt(xmax)], xip);
  }

  /**
   * Does it show what a transaction did?
   * @param xid 32 or 64 bits, of a transaction that was committed at any time and that is fewer
   *   than 2^31 transactions away from the snapshot
   */
  saw(xid: bigint): boolean {
    const wide = xid < EPOCH ? widenXid(xid, this.xmax) : xid;
    return wide < this.xmin || (wide < this.xmax && !this.#inProgress.has(wide));
  }

  toString(): string {
    return this.#text;
  }
}

/**
 * The xid8 of a 32-bit xid: of all numbers with these low bits the one closest to `near`. A slot
 * keeps the server from giving out numbers 2^31 past the oldest that it holds, so that everything
 * in its log is within reach of any snapshot that was taken meanwhile.
 */
export function widenXid(xid: bigint, near: bigint): bigint {
  const candidate = near - (near % EPOCH) + xid;
  const half = EPOCH / 2n;
  if (candidate > near + half && candidate >= EPOCH) return candidate - EPOCH;
  if (candidate + half < near) return candidate + EPOCH;
  return candidate;
}
