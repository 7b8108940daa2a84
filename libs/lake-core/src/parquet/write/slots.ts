/**
 * Dremel's view of some rows at one node of a nested type: one slot for every value there, and one
 * for every value that a null or empty ancestor left out.
 */
export class Slots {
  repetition: Uint8Array = new Uint8Array(64);
  definition: Uint8Array = new Uint8Array(64);
  /** Row of the node's column, -1 where an ancestor is null or empty. */
  index: Int32Array = new Int32Array(64);
  length = 0;

  /** Empties the slots and makes room for `count`. */
  reset(count: number): void {
    this.length = 0;
    if (count <= this.index.length) return;
    const capacity = Math.max(count, this.index.length * 2);
    this.repetition = new Uint8Array(capacity);
    this.definition = new Uint8Array(capacity);
    this.index = new Int32Array(capacity);
  }
}
