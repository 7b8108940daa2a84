import { DELETE, PRESENT, TRUNCATE, UNCHANGED, UPDATE, createColumn } from '@cdc-demo/cdc-core';
import type { ChangeBatch, Column } from '@cdc-demo/cdc-core';
import { KeyBlock } from '../key-index/key-block.ts';
import type { KeyEncoder } from '../key-index/key-encoder.ts';

/** The change has no key on this side, or one with a NULL in it. */
export const NO_KEY = -1;

/** The key's columns of one batch. */
export function keyColumnsOf(batch: ChangeBatch, key: readonly number[]): Column[] {
  return key.map((field) => {
    const column = batch.images.columns[field];
    if (!column) throw new TypeError('A column of the key is missing in a batch');
    return column;
  });
}

/**
 * Encodes the key of a new image of which some columns stand in the old image only.
 * @returns whether it is a whole key; `out` holds it then
 */
export function encodeMergedKey(
  encoder: KeyEncoder,
  columns: readonly Column[],
  change: { readonly before: number; readonly after: number; readonly out: KeyBlock },
): boolean {
  const { before, after, out } = change;
  const merged = columns.map((column) => {
    const one = createColumn(column.type, 1);
    one.appendFrom(column, column.presence[after] === UNCHANGED ? before : after);
    return one;
  });
  return encoder.encode(merged, { start: 0, end: 1 }, out) === 0;
}

/**
 * The keys that each change of a batch concerns: `read` a batch, then `seek` its changes one after
 * the other. `oldAt` and `newAt` say where in `words` the keys begin.
 */
export class ChangeKeys {
  /** Key of the old row, of the new one; NO_KEY where there is none. */
  oldAt = NO_KEY;
  newAt = NO_KEY;
  readonly #key: readonly number[];
  readonly #encoder: KeyEncoder;
  readonly #block: KeyBlock;
  readonly #merged: KeyBlock;
  #columns: readonly Column[] = [];
  #images = 0;
  #words = new Uint32Array(0);

  constructor(key: readonly number[], encoder: KeyEncoder) {
    this.#key = key;
    this.#encoder = encoder;
    this.#block = new KeyBlock(encoder.width);
    this.#merged = new KeyBlock(encoder.width);
  }

  /** Keys of all images, and behind them one that had to be put together, of the present change. */
  get words(): Uint32Array {
    return this.#words;
  }

  read(batch: ChangeBatch): void {
    const { length } = batch.images;
    const { width } = this.#block;
    this.#columns = keyColumnsOf(batch, this.#key);
    this.#images = length;
    this.#encoder.encode(this.#columns, { start: 0, end: length }, this.#block);
    if (this.#words.length < (length + 1) * width) {
      this.#words = new Uint32Array((length + 1) * width);
    }
    this.#words.set(this.#block.words.subarray(0, length * width));
  }

  seek(batch: ChangeBatch, change: number): void {
    const { presence } = this.#block;
    const before = batch.before[change] ?? NO_KEY;
    const after = batch.after[change] ?? NO_KEY;
    const op = batch.ops[change];
    this.oldAt = NO_KEY;
    this.newAt = NO_KEY;
    if (op === TRUNCATE) return;
    if (before >= 0 && presence[before] === PRESENT) this.oldAt = this.#at(before);
    if (op === DELETE || after < 0) return;
    if (presence[after] === PRESENT) this.newAt = this.#at(after);
    else if (presence[after] === UNCHANGED && before >= 0) this.#merge(before, after);
    if (op === UPDATE && before < 0) this.oldAt = this.newAt;
  }

  /** Are both keys there and the same? */
  get isSame(): boolean {
    const { oldAt, newAt } = this;
    if (oldAt < 0 || newAt < 0) return false;
    for (let i = 0; i < this.#block.width; i++) {
      if (this.#words[oldAt + i] !== this.#words[newAt + i]) return false;
    }
    return true;
  }

  #at(image: number): number {
    return image * this.#block.width;
  }

  #merge(before: number, after: number): void {
    const out = this.#merged;
    if (!encodeMergedKey(this.#encoder, this.#columns, { before, after, out })) return;
    this.newAt = this.#at(this.#images);
    for (let i = 0; i < out.width; i++) this.#words[this.newAt + i] = out.words[i] ?? 0;
  }
}
