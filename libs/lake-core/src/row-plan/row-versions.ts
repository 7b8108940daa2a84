import { NO_IMAGE } from '@cdc-demo/cdc-core';
import { AS_STORED, GONE, NO_PRE_IMAGE } from './key-states.ts';
import type { KeyStates } from './key-states.ts';
import type { PlannedImages } from './planned-images.ts';
import { UNKNOWN_SOURCE, ValueSources } from './value-sources.ts';

/**
 * In place of an operation: a row comes from a key of another plan, which has it as a delete. Its
 * change has the new image only.
 */
export const MOVED_IN = 5;

/** Changes that do not fit the rows that the table has; each was taken as said. */
export interface Anomalies {
  /** Inserts of a key that had a row: taken as updates. */
  insertOfExisting: number;
  /** Updates of a key that had no row: taken as inserts. */
  updateOfMissing: number;
  /** Deletes of a key that had no row: left out. */
  deleteOfMissing: number;
}

/** The images of one change, by number. One object is used for all changes. */
export interface ImagePair {
  before: number;
  after: number;
  /** `before` where it is the whole old row, else NO_PRE_IMAGE. */
  preImage: number;
}

/**
 * The rows as they become change by change: for each key the newest version of its row, the image
 * that equals its stored row, and for each value that the source did not send where it is found.
 */
export class RowVersions {
  readonly states: KeyStates;
  readonly sources = new ValueSources();
  readonly anomalies: Anomalies = { insertOfExisting: 0, updateOfMissing: 0, deleteOfMissing: 0 };
  /** Truncations so far; a version of an earlier epoch is gone. */
  truncations = 0;
  readonly #images: PlannedImages;
  /**
   * Rows of a key that has another row as well, oldest first: inside a transaction a deferred key
   * constraint lets rows pass each other (`SET id = id + 1`).
   */
  readonly #displaced = new Map<number, number[]>();

  constructor(images: PlannedImages, states: KeyStates) {
    this.#images = images;
    this.states = states;
  }

  /** A row appears; over one that is there, unless `isSnapshot`, it is an anomaly. */
  insert(key: number, pair: ImagePair, isSnapshot: boolean): void {
    if (!isSnapshot && this.#isAlive(key)) this.anomalies.insertOfExisting++;
    if (this.#images.isPartial(pair.after)) this.#resolve(key, GONE, pair);
    this.#arrive(key, pair.after);
  }

  /** A row changes and keeps its key. */
  update(key: number, pair: ImagePair): void {
    const older = this.#olderOf(key, pair);
    let version = GONE;
    if (older) {
      version = older[0] ?? GONE;
      older[0] = pair.after;
    } else if (this.#isAlive(key)) {
      version = this.states.current[key] ?? GONE;
    } else {
      this.anomalies.updateOfMissing++;
    }
    this.#keepPreImage(key, version, pair);
    if (this.#images.isPartial(pair.after)) this.#resolve(key, version, pair);
    if (!older) this.#arrive(key, pair.after);
  }

  /** A row changes its key. */
  move(from: number, to: number, pair: ImagePair): void {
    const version = this.#leave(from, pair);
    if (this.#images.isPartial(pair.after)) this.#resolve(from, version, pair);
    if (version === GONE) {
      this.anomalies.updateOfMissing++;
    } else if (this.#isAlive(to)) {
      if (pair.preImage === NO_PRE_IMAGE) this.anomalies.insertOfExisting++;
      else this.#displace(to);
    }
    this.#arrive(to, pair.after);
  }

  /** A row comes from a key that is not in this plan; `wasFull` if its old image was sent whole. */
  arrive(to: number, pair: ImagePair, wasFull: boolean): void {
    if (this.#isAlive(to)) {
      if (wasFull) this.#displace(to);
      else this.anomalies.insertOfExisting++;
    }
    this.#arrive(to, pair.after);
  }

  /** A row disappears. */
  remove(key: number, pair: ImagePair): void {
    if (this.#leave(key, pair) === GONE) this.anomalies.deleteOfMissing++;
  }

  /** Every row disappears. */
  truncate(): void {
    this.truncations++;
    this.anomalies.insertOfExisting += this.stillDisplaced;
    this.#displaced.clear();
  }

  /** Rows that share their key with another one; at the end of a transaction there are none. */
  get stillDisplaced(): number {
    let rows = 0;
    for (const older of this.#displaced.values()) rows += older.length;
    return rows;
  }

  #isAlive(key: number): boolean {
    return this.states.isAlive(key, this.truncations);
  }

  #arrive(key: number, image: number): void {
    this.states.current[key] = image;
    this.states.epoch[key] = this.truncations;
  }

  /** Takes a row from its key; returns the version that went, GONE when there was none. */
  #leave(key: number, pair: ImagePair): number {
    if (!this.#isAlive(key)) return GONE;
    const older = this.#olderOf(key, pair);
    let version = this.states.current[key] ?? GONE;
    if (older) {
      version = older.shift() ?? GONE;
      if (older.length === 0) this.#displaced.delete(key);
    } else {
      this.states.current[key] = this.#displaced.get(key)?.pop() ?? GONE;
      if (this.#displaced.get(key)?.length === 0) this.#displaced.delete(key);
    }
    this.#keepPreImage(key, version, pair);
    return version;
  }

  /** Remembers the first pre-image of a stored row, where the source sent it whole. */
  #keepPreImage(key: number, version: number, pair: ImagePair): void {
    if (version === AS_STORED) this.states.preImage[key] = pair.preImage;
  }

  #displace(key: number): void {
    const older = this.#displaced.get(key) ?? [];
    older.push(this.states.current[key] ?? GONE);
    this.#displaced.set(key, older);
  }

  /** The displaced rows of a key when it is the oldest of them that changes, else undefined. */
  #olderOf(key: number, pair: ImagePair): number[] | undefined {
    if (this.#displaced.size === 0) return undefined;
    const older = this.#displaced.get(key);
    const newest = this.states.current[key] ?? GONE;
    if (older && newest >= 0 && this.#images.equal(pair.before, newest)) return undefined;
    return older;
  }

  /** Finds for each value that `pair.after` lacks what holds it: the old image or `version`. */
  #resolve(key: number, version: number, pair: ImagePair): void {
    const images = this.#images;
    const { before, after } = pair;
    for (let field = 0; field < images.fields.length; field++) {
      if (!images.isUnchanged(after, field)) continue;
      let source = UNKNOWN_SOURCE;
      if (before !== NO_IMAGE && !images.isUnchanged(before, field)) source = before;
      else if (version === AS_STORED) source = ValueSources.stored(key);
      else if (version >= 0) {
        const isMissing = images.isUnchanged(version, field);
        source = isMissing ? this.sources.get(field, version) : version;
      }
      this.sources.set(field, after, source);
    }
  }
}
