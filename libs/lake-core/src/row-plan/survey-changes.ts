import { INSERT, READ, TRUNCATE, UNCHANGED, UPDATE } from '@cdc-demo/cdc-core';
import type { ChangeBatch } from '@cdc-demo/cdc-core';
import type { KeyIndex } from '../key-index/key-index.ts';
import { ChangeKeys, NO_KEY } from './change-keys.ts';
import type { PlanTarget } from './row-planner.ts';

/** Stretches of stored rows for which changes are counted. */
const STRETCHES = 4096;

/** A file of the table: its number in the index, and its rows, deleted ones included. */
export interface StoredFile {
  readonly file: number;
  readonly rows: number;
}

/** Numbers all stored rows of a table through, file by file, and cuts them into stretches. */
export class StoredSpan {
  readonly #starts = new Map<number, number>();
  readonly rows: number;

  constructor(files: Iterable<StoredFile>) {
    let rows = 0;
    for (const { file, rows: own } of files) {
      this.#starts.set(file, rows);
      rows += own;
    }
    this.rows = rows;
  }

  number(file: number, row: number): number {
    return (this.#starts.get(file) ?? 0) + row;
  }

  stretch(file: number, row: number): number {
    return Math.floor((this.number(file, row) * STRETCHES) / Math.max(1, this.rows));
  }
}

/** What has to be known of changes that are too many for one plan. */
export interface ChangeSurvey {
  /** No key is touched by two changes: each part of the changes can be planned by itself. */
  readonly touchesOnce: boolean;
  /** Every change adds a row of a key that the table does not have. */
  readonly addsOnly: boolean;
  /** Changes of stored keys by stretch of `StoredSpan`, and of keys that are not stored. */
  readonly stored: Uint32Array;
  readonly unstored: number;
  /**
   * Keys that took part in a key change whose new row leaves out values: all their changes have to
   * be in one plan.
   */
  readonly linked: KeyIndex;
}

/**
 * Looks through all changes of a commit, batch by batch. A bit for each stored row tells whether a
 * change has touched it: a key that is not stored can be touched a second time only by a change
 * that finds a row, for its key is unique.
 */
export class ChangeSurveyor {
  readonly #index: KeyIndex;
  readonly #span: StoredSpan;
  readonly #keys: ChangeKeys;
  readonly #touched: Uint8Array;
  readonly #stored = new Uint32Array(STRETCHES);
  readonly #linked: KeyIndex;
  #unstored = 0;
  #touchesOnce = true;
  #addsOnly = true;

  /** @param target its index must not change meanwhile */
  constructor(target: PlanTarget, span: StoredSpan) {
    this.#index = target.index;
    this.#span = span;
    this.#keys = new ChangeKeys(target.key, target.encoder);
    this.#touched = new Uint8Array((span.rows >>> 3) + 1);
    this.#linked = target.index.emptyLike();
  }

  /** Takes the next batch, in the target's columns. */
  add(batch: ChangeBatch): void {
    const keys = this.#keys;
    keys.read(batch);
    for (let change = 0; change < batch.length; change++) {
      const op = batch.ops[change];
      if (op === TRUNCATE || op === READ) {
        this.#touchesOnce = false;
        this.#addsOnly = false;
        if (op === TRUNCATE) continue;
      }
      keys.seek(batch, change);
      const isMove = op === UPDATE && !keys.isSame;
      if (op !== INSERT) this.#addsOnly = false;
      // 1. A row that is there goes or changes. 2. A row comes, under a key that should be free.
      if (op !== INSERT && op !== READ) this.#touch(keys.oldAt, 'expected'); // 1
      if (op === INSERT || op === READ || isMove) this.#touch(keys.newAt, 'unexpected'); // 2
      if (isMove && isPartial(batch, change)) {
        this.#link(keys.oldAt);
        this.#link(keys.newAt);
      }
    }
  }

  finish(): ChangeSurvey {
    return {
      touchesOnce: this.#touchesOnce,
      addsOnly: this.#addsOnly,
      stored: this.#stored,
      unstored: this.#unstored,
      linked: this.#linked,
    };
  }

  #touch(at: number, stored: 'expected' | 'unexpected'): void {
    if (at === NO_KEY || !this.#index.seek(this.#keys.words, at)) {
      this.#unstored++;
      if (stored === 'expected') this.#touchesOnce = false;
      return;
    }
    this.#addsOnly = false;
    const { file, row } = this.#index;
    const stretch = this.#span.stretch(file, row);
    this.#stored[stretch] = (this.#stored[stretch] ?? 0) + 1;
    const number = this.#span.number(file, row);
    const bit = 1 << (number & 7);
    const byte = this.#touched[number >>> 3] ?? 0;
    if ((byte & bit) !== 0) this.#touchesOnce = false;
    this.#touched[number >>> 3] = byte | bit;
  }

  #link(at: number): void {
    if (at === NO_KEY) return;
    this.#linked.seek(this.#keys.words, at);
    this.#linked.put(0, 0);
  }
}

/** Does the new row leave out values? */
export function isPartial(batch: ChangeBatch, change: number): boolean {
  const after = batch.after[change] ?? NO_KEY;
  return after >= 0 && batch.images.columns.some(({ presence }) => presence[after] === UNCHANGED);
}
