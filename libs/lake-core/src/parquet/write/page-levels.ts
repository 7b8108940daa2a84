import { ByteBuffer } from '../format/byte-buffer.ts';
import type { LeafColumn } from '../format/leaf-column.ts';
import { appendHybrid, appendRun, bitWidth } from './hybrid-encoding.ts';
import type { RowRange } from './page-values.ts';
import type { Slots } from './slots.ts';

/** The definition and repetition levels of one column that wait for their page. */
export class PageLevels {
  readonly #maxDefinition: number;
  readonly #maxRepetition: number;
  readonly #definition = new ByteBuffer();
  readonly #repetition = new ByteBuffer();
  #count = 0;

  constructor(leaf: LeafColumn) {
    this.#maxDefinition = leaf.maxDefinition;
    this.#maxRepetition = leaf.maxRepetition;
  }

  /** Entries: values, and what stands for a value that is not there. */
  get count(): number {
    return this.#count;
  }

  /** Are there no levels to write, so that a page holds nothing but its values? */
  get areImplied(): boolean {
    return this.#maxDefinition === 0 && this.#maxRepetition === 0;
  }

  /** Rows of a column that is not nested: presence is the definition level (NULL 0, PRESENT 1). */
  appendRows(presence: Uint8Array, rows: RowRange): void {
    this.#count += rows.to - rows.from;
    if (this.#maxDefinition > 0) this.#definition.append(presence.subarray(rows.from, rows.to));
  }

  appendSlots(slots: Slots): void {
    this.#count += slots.length;
    this.#definition.append(slots.definition.subarray(0, slots.length));
    if (this.#maxRepetition > 0) {
      this.#repetition.append(slots.repetition.subarray(0, slots.length));
    }
  }

  /**
   * Appends the levels as data page v1 has them: repetition, then definition, each with its length
   * and only if it can be other than 0. `present` entries have a value.
   */
  encode(out: ByteBuffer, present: number): void {
    if (this.#maxRepetition > 0) {
      const levels = { values: this.#repetition.bytes, count: this.#count };
      appendLevels(out, { ...levels, width: bitWidth(this.#maxRepetition) });
    }
    if (this.#maxDefinition === 0) return;
    const width = bitWidth(this.#maxDefinition);
    if (present === this.#count) {
      const at = out.length;
      out.appendUint32(0);
      appendRun(out, { value: this.#maxDefinition, count: present }, width);
      out.setUint32(at, out.length - at - 4);
    } else {
      appendLevels(out, { values: this.#definition.bytes, count: this.#count, width });
    }
  }

  clear(): void {
    this.#count = 0;
    this.#definition.clear();
    this.#repetition.clear();
  }
}

function appendLevels(
  out: ByteBuffer,
  levels: { readonly values: Uint8Array; readonly count: number; readonly width: number },
): void {
  const at = out.length;
  out.appendUint32(0);
  appendHybrid(out, levels);
  out.setUint32(at, out.length - at - 4);
}
