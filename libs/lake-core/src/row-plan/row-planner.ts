import {
  DELETE,
  INSERT,
  NO_IMAGE,
  NULL,
  PRESENT,
  READ,
  TRUNCATE,
  UPDATE,
  formatTableName,
} from '@cdc-demo/cdc-core';
import type { ChangeBatch, Column, Field } from '@cdc-demo/cdc-core';
import { LakeError } from '../errors.ts';
import { KeyBlock } from '../key-index/key-block.ts';
import type { KeyEncoder } from '../key-index/key-encoder.ts';
import type { KeyIndex } from '../key-index/key-index.ts';
import { encodeMergedKey } from './change-keys.ts';
import { finishPlan } from './finish-plan.ts';
import { KeyStates, NO_PRE_IMAGE } from './key-states.ts';
import { PlannedImages } from './planned-images.ts';
import type { AlignedImages } from './planned-images.ts';
import type { RowPlan } from './row-plan.ts';
import { MOVED_IN, RowVersions } from './row-versions.ts';
import type { ImagePair } from './row-versions.ts';

/** Images whose keys are looked up together, so that memory answers many at a time. */
const BLOCK_IMAGES = 256;
/** In place of a key's number: the image has no key, for a NULL or an UNCHANGED value in it. */
const NULL_KEY = -1;
const UNKNOWN_KEY = -2;

/** The table that changes go to. */
export interface PlanTarget {
  readonly fields: readonly Field[];
  /** Indexes into `fields` of the key's columns, in the order that `encoder` was made for. */
  readonly key: readonly number[];
  readonly encoder: KeyEncoder;
  /** Where the table's rows are; planning only reads it. */
  readonly index: KeyIndex;
  /**
   * The stored rows may be others than the source's, or not be there yet: old images do not stand
   * for them, and a row whose values nothing holds is left as it is. No unless given.
   */
  readonly isResyncing?: boolean;
}

interface Added {
  readonly batch: ChangeBatch;
  readonly columns: readonly number[];
}

/**
 * Nets the changes of one commit: `add` every batch in commit order, then `plan`.
 *
 * Per key the plan knows the first row and the last: insert and delete vanish, delete and insert
 * are an update, a row that was touched but is equal is still an update. A changed key is a
 * delete of the old one and an insert of the new one. TRUNCATE deletes every row that was stored
 * or came before it.
 */
export class RowPlanner {
  readonly #target: PlanTarget;
  readonly #block: KeyBlock;
  readonly #merged: KeyBlock;
  #added: Added[] = [];
  #images: PlannedImages;
  #versions: RowVersions;
  readonly #pair: ImagePair = { before: NO_IMAGE, after: NO_IMAGE, preImage: NO_PRE_IMAGE };

  constructor(target: PlanTarget) {
    this.#target = target;
    this.#block = new KeyBlock(target.encoder.width);
    this.#merged = new KeyBlock(target.encoder.width);
    this.#images = new PlannedImages(target.fields);
    this.#versions = new RowVersions(this.#images, new KeyStates(target.index));
  }

  /**
   * Takes the next batch; it must not change any more.
   * @param columns for each field of the target the index of its column in `batch.images`, or
   * ADDED or DROPPED. Every column of the key has one.
   * @throws LakeError `lake/key-incomplete` when a change does not say which row it concerns;
   * TypeError when a column's type is not that of its field.
   */
  add(batch: ChangeBatch, columns: readonly number[]): void {
    const images = this.#images.add(batch, columns);
    this.#added.push({ batch, columns });
    const keyColumns = this.#target.key.map((field) => {
      const column = images.columns[field];
      if (!column) throw new TypeError('A column of the key is missing in a batch');
      return column;
    });
    this.#apply(batch, images, { columns: keyColumns, numbers: this.#keysOf(images, keyColumns) });
  }

  /**
   * The net of everything that was added, against the index as it is. The index must stay so until
   * the plan was applied to it; when it has changed, `rebase` first.
   * @throws LakeError `lake/value-unknown` when nothing holds a value that the source left out,
   * unless `isResyncing`.
   */
  plan(): RowPlan {
    return finishPlan(this.#images, this.#versions, {
      leavesUnknown: this.#target.isResyncing === true,
    });
  }

  /** Looks up all keys again, as after a conflict: the index follows what others committed. */
  rebase(): void {
    const added = this.#added;
    this.#added = [];
    this.#images = new PlannedImages(this.#target.fields);
    this.#versions = new RowVersions(this.#images, new KeyStates(this.#target.index));
    for (const { batch, columns } of added) this.add(batch, columns);
  }

  /** The number of each image's key. */
  #keysOf(images: AlignedImages, columns: readonly Column[]): Int32Array {
    const { states } = this.#versions;
    const block = this.#block;
    this.#target.encoder.encode(columns, { start: 0, end: images.length }, block);
    states.expect(images.length);
    const { words, presence, width } = block;
    const numbers = new Int32Array(images.length);
    let last = NULL_KEY;
    for (let start = 0; start < images.length; start += BLOCK_IMAGES) {
      const end = Math.min(images.length, start + BLOCK_IMAGES);
      states.prefetch(words, start * width, end - start);
      for (let i = start; i < end; i++) {
        if (presence[i] !== PRESENT) {
          last = presence[i] === NULL ? NULL_KEY : UNKNOWN_KEY;
        } else if (last < 0 || !sameWords(words, i * width, width)) {
          last = states.numberOf(words, i * width);
        }
        numbers[i] = last;
      }
    }
    return numbers;
  }

  #apply(batch: ChangeBatch, images: AlignedImages, keys: ImageKeys): void {
    const versions = this.#versions;
    const pair = this.#pair;
    const { base, isPartial } = images;
    const coversStored = images.coversStored && this.#target.isResyncing !== true;
    const { numbers } = keys;
    for (let change = 0; change < batch.length; change++) {
      const before = batch.before[change] ?? NO_IMAGE;
      const after = batch.after[change] ?? NO_IMAGE;
      const isWhole =
        before >= 0 && batch.beforeIsFull[change] === 1 && coversStored && isPartial[before] === 0;
      pair.before = before < 0 ? NO_IMAGE : base + before;
      pair.after = after < 0 ? NO_IMAGE : base + after;
      pair.preImage = isWhole ? base + before : NO_PRE_IMAGE;
      const op = batch.ops[change];
      if (op === TRUNCATE) {
        versions.truncate();
        continue;
      }
      let newKey = NULL_KEY;
      if (op !== DELETE) {
        newKey = numbers[after] ?? NULL_KEY;
        if (newKey === UNKNOWN_KEY && before >= 0) newKey = this.#mergedKey(keys, before, after);
        if (newKey < 0) throw incomplete(batch, change);
      }
      if (op === INSERT || op === READ) {
        versions.insert(newKey, pair, op === READ);
        continue;
      }
      if (op === MOVED_IN) {
        versions.arrive(newKey, pair, batch.beforeIsFull[change] === 1);
        continue;
      }
      const oldKey = op === UPDATE && before < 0 ? newKey : (numbers[before] ?? NULL_KEY);
      if (oldKey < 0) throw incomplete(batch, change);
      if (op === DELETE) versions.remove(oldKey, pair);
      else if (oldKey === newKey) versions.update(newKey, pair);
      else versions.move(oldKey, newKey, pair);
    }
  }

  /** The key of a new image of which some columns stand in the old image only. */
  #mergedKey(keys: ImageKeys, before: number, after: number): number {
    const { encoder } = this.#target;
    const out = this.#merged;
    const isKey = encodeMergedKey(encoder, keys.columns, { before, after, out });
    return isKey ? this.#versions.states.numberOf(out.words, 0) : NULL_KEY;
  }
}

interface ImageKeys {
  readonly columns: readonly Column[];
  readonly numbers: Int32Array;
}

/** Is the key at `at` the same as the one before it? */
function sameWords(words: Uint32Array, at: number, width: number): boolean {
  for (let i = at; i < at + width; i++) if (words[i] !== words[i - width]) return false;
  return true;
}

function incomplete(batch: ChangeBatch, change: number): LakeError {
  const table = formatTableName(batch.schema.table);
  const message = `A change of ${table} does not hold the primary key of its row`;
  return new LakeError('lake/key-incomplete', message, {
    context: { table, change, operation: batch.ops[change] ?? 0 },
  });
}
