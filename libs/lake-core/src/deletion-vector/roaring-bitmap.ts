import { ArrayContainer } from './container.ts';
import type { Container } from './container.ts';

/** A mutable set of 32-bit values: sorted containers of 2^16 values each. */
export class RoaringBitmap {
  /** High halves of the values, ascending. */
  readonly #highs: number[] = [];
  readonly #containers: Container[] = [];
  #cardinality = 0;
  /** Where the last value was found; changes come in runs of neighbours. */
  #last = 0;

  get cardinality(): number {
    return this.#cardinality;
  }

  get containers(): readonly Container[] {
    return this.#containers;
  }

  get highs(): readonly number[] {
    return this.#highs;
  }

  has(value: number): boolean {
    const at = this.#search(value >>> 16);
    return this.#highs[at] === value >>> 16 && this.#containers[at]?.has(value & 0xffff) === true;
  }

  /** Adds a value; false when it was there. */
  add(value: number): boolean {
    const high = value >>> 16;
    const at = this.#search(high);
    let container = this.#containers[at];
    if (container === undefined || this.#highs[at] !== high) {
      container = new ArrayContainer();
      this.#highs.splice(at, 0, high);
      this.#containers.splice(at, 0, container);
    }
    const before = container.cardinality;
    const after = container.add(value & 0xffff);
    this.#containers[at] = after;
    const added = after.cardinality - before;
    this.#cardinality += added;
    return added === 1;
  }

  /** Appends a container behind all that are there: `high` is above every other. */
  appendContainer(high: number, container: Container): void {
    this.#highs.push(high);
    this.#containers.push(container);
    this.#cardinality += container.cardinality;
  }

  clone(): RoaringBitmap {
    const copy = new RoaringBitmap();
    this.#containers.forEach((container, i) => {
      copy.appendContainer(this.#highs[i] ?? 0, container.clone());
    });
    return copy;
  }

  /** Index of the first container whose high half is not below `high`. */
  #search(high: number): number {
    const highs = this.#highs;
    if (highs[this.#last] === high) return this.#last;
    let from = 0;
    let to = highs.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((highs[middle] ?? 0) < high) from = middle + 1;
      else to = middle;
    }
    this.#last = from;
    return from;
  }
}
