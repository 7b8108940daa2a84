import { NULL, PRESENT } from '@cdc-demo/cdc-core';
import type { Column } from '@cdc-demo/cdc-core';
import { nullInRequired, unchangedValue } from './column-mismatch.ts';
import { Slots } from './slots.ts';

/** From the slots of a node to those of what it holds; the slots given back are reused. */
export class PresenceStep {
  readonly #optional: boolean;
  readonly #path: readonly string[];
  readonly #out = new Slots();

  constructor(optional: boolean, path: readonly string[]) {
    this.#optional = optional;
    this.#path = path;
  }

  apply(column: Column, slots: Slots): Slots {
    const { presence } = column;
    const out = this.#out;
    const raise = this.#optional ? 1 : 0;
    out.reset(slots.length);
    for (let i = 0; i < slots.length; i++) {
      const index = slots.index[i] ?? -1;
      const present = index >= 0 && presence[index] === PRESENT;
      if (index >= 0 && !present) this.#assertNull(presence[index] ?? NULL);
      out.repetition[i] = slots.repetition[i] ?? 0;
      out.definition[i] = (slots.definition[i] ?? 0) + (present ? raise : 0);
      out.index[i] = present ? index : -1;
    }
    out.length = slots.length;
    return out;
  }

  #assertNull(presence: number): void {
    if (presence !== NULL) throw unchangedValue(this.#path);
    if (!this.#optional) throw nullInRequired(this.#path);
  }
}

/** From the slots of lists or maps to those of their elements or entries. */
export class RepetitionStep {
  readonly #repetition: number;
  readonly #out = new Slots();

  /** `repetition`: the lists and maps on the way to an element, this one included. */
  constructor(repetition: number) {
    this.#repetition = repetition;
  }

  /** Row i holds the elements [offsets[i], offsets[i + 1]). */
  apply(offsets: Uint32Array, slots: Slots): Slots {
    const out = this.#out;
    out.reset(countElements(offsets, slots));
    let at = 0;
    for (let i = 0; i < slots.length; i++) {
      const index = slots.index[i] ?? -1;
      const from = index < 0 ? 0 : (offsets[index] ?? 0);
      const to = index < 0 ? 0 : (offsets[index + 1] ?? 0);
      const definition = slots.definition[i] ?? 0;
      out.repetition[at] = slots.repetition[i] ?? 0;
      out.definition[at] = from < to ? definition + 1 : definition;
      out.index[at++] = from < to ? from : -1;
      for (let element = from + 1; element < to; element++) {
        out.repetition[at] = this.#repetition;
        out.definition[at] = definition + 1;
        out.index[at++] = element;
      }
    }
    out.length = at;
    return out;
  }
}

function countElements(offsets: Uint32Array, slots: Slots): number {
  let count = 0;
  for (let i = 0; i < slots.length; i++) {
    const index = slots.index[i] ?? -1;
    const elements = index < 0 ? 0 : (offsets[index + 1] ?? 0) - (offsets[index] ?? 0);
    count += elements > 0 ? elements : 1;
  }
  return count;
}
