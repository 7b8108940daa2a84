import { formatTableName } from '@cdc-demo/cdc-core';
import { LakeError } from '../errors.ts';
import { AS_STORED, NO_PRE_IMAGE } from './key-states.ts';
import type { KeyStates } from './key-states.ts';
import type { PlannedImages } from './planned-images.ts';
import {
  FEED_DELETE,
  FEED_INSERT,
  FEED_UPDATE_POSTIMAGE,
  FEED_UPDATE_PREIMAGE,
  KEY_LEFT,
  KEY_REMOVED,
} from './row-plan.ts';
import type { Patch, ReplacedRows, RowPlan, RowRefs } from './row-plan.ts';
import type { RowVersions } from './row-versions.ts';
import { groupRows } from './stored-rows.ts';
import type { StoredRows } from './stored-rows.ts';
import { UNKNOWN_SOURCE, ValueSources } from './value-sources.ts';

/** Makes the plan from the versions that all changes together left. */
export function finishPlan(
  images: PlannedImages,
  versions: RowVersions,
  options: { readonly leavesUnknown: boolean },
): RowPlan {
  const net = netChanges(versions, (image) => {
    return options.leavesUnknown && lacksValues(images, versions, image);
  });
  const missing = missingValues(images, versions, net.writeImages);
  const reads = new StoredReads(versions.states, images.batches.length);
  for (const key of net.readKeys) reads.need(key);
  for (const { sources } of missing) for (const source of sources) reads.needSource(source);
  reads.group();
  const { feed, changeTypes, feedOfWrite } = feedOf(images, net, reads);
  const writes = newRefs(net.writeImages.length);
  net.writeImages.forEach((image, i) => refer(images, image, { refs: writes, at: i }));
  const anomalies = { ...versions.anomalies };
  anomalies.insertOfExisting += versions.stillDisplaced;
  const { states } = versions;
  return {
    fields: images.fields,
    inserts: net.inserts,
    updates: net.updates,
    deletes: net.deletes,
    anomalies,
    truncates: versions.truncations > 0,
    deletions: groupRows(states, net.deletedKeys).stored,
    reads: reads.stored,
    writes,
    patches: missing.map((part) => patchOf(part, images, reads)),
    replaced: replacedRows(states, net),
    feed,
    changeTypes,
    feedOfWrite,
    images: images.batches.map((batch) => batch.columns),
    keys: {
      width: states.width,
      length: states.length,
      words: states.words,
      outcome: net.outcome,
    },
  };
}

function replacedRows(states: KeyStates, { updatedKeys, outcome }: NetChanges): ReplacedRows {
  const { stored, places } = groupRows(states, updatedKeys);
  return { writes: updatedKeys.map((key) => outcome[key] ?? 0), stored, places };
}

interface NetChanges {
  inserts: number;
  updates: number;
  deletes: number;
  readonly outcome: Int32Array;
  /** By new row: its image. */
  readonly writeImages: Int32Array;
  /** Keys whose stored row goes. */
  readonly deletedKeys: Uint32Array;
  /** Those of them that have a new row. */
  readonly updatedKeys: Uint32Array;
  /** By deleted key: the image that equals its stored row, or NO_PRE_IMAGE. */
  readonly preImages: Int32Array;
  /** Of the deleted keys those without such an image. */
  readonly readKeys: Uint32Array;
}

/** @param isLeft of a key's newest image: leave the key as it is? */
function netChanges(versions: RowVersions, isLeft: (image: number) => boolean): NetChanges {
  const { states, truncations } = versions;
  const { length } = states;
  const outcome = new Int32Array(length).fill(KEY_LEFT);
  const writeImages = new Int32Array(length);
  const deletedKeys = new Uint32Array(length);
  const updatedKeys = new Uint32Array(length);
  const preImages = new Int32Array(length);
  const readKeys = new Uint32Array(length);
  let [writes, deleted, reads, updates] = [0, 0, 0, 0];
  for (let key = 0; key < length; key++) {
    const current = states.current[key] ?? AS_STORED;
    if (current === AS_STORED) continue;
    if (states.isAlive(key, truncations)) {
      if (isLeft(current)) continue;
      outcome[key] = writes;
      writeImages[writes++] = current;
      if (states.isStored[key] === 1) updatedKeys[updates++] = key;
    } else {
      outcome[key] = KEY_REMOVED;
    }
    if (states.isStored[key] === 1) {
      const preImage = states.preImage[key] ?? NO_PRE_IMAGE;
      if (preImage === NO_PRE_IMAGE) readKeys[reads++] = key;
      preImages[deleted] = preImage;
      deletedKeys[deleted++] = key;
    }
  }
  return {
    inserts: writes - updates,
    updates,
    deletes: deleted - updates,
    outcome,
    writeImages: writeImages.subarray(0, writes),
    deletedKeys: deletedKeys.subarray(0, deleted),
    updatedKeys: updatedKeys.subarray(0, updates),
    preImages: preImages.subarray(0, deleted),
    readKeys: readKeys.subarray(0, reads),
  };
}

/** Does an image leave out a value that nothing holds? */
function lacksValues(images: PlannedImages, { sources }: RowVersions, image: number): boolean {
  if (!images.isPartial(image)) return false;
  return images.fields.some((_, field) => {
    return images.isUnchanged(image, field) && sources.get(field, image) === UNKNOWN_SOURCE;
  });
}

/** New rows that lack the value of one field, and the source of each value. */
interface MissingValues {
  readonly field: number;
  readonly writes: number[];
  readonly sources: number[];
}

function missingValues(
  images: PlannedImages,
  versions: RowVersions,
  writeImages: Int32Array,
): MissingValues[] {
  const byField = new Map<number, MissingValues>();
  writeImages.forEach((image, write) => {
    if (!images.isPartial(image)) return;
    for (let field = 0; field < images.fields.length; field++) {
      if (!images.isUnchanged(image, field)) continue;
      const source = versions.sources.get(field, image);
      if (source === UNKNOWN_SOURCE) throw unknownValue(images, field);
      const missing = byField.get(field) ?? { field, writes: [], sources: [] };
      missing.writes.push(write);
      missing.sources.push(source);
      byField.set(field, missing);
    }
  });
  return [...byField.values()];
}

/** The stored rows that must be read, each once. */
class StoredReads {
  stored: StoredRows = groupRows({ file: new Uint32Array(), row: new Uint32Array() }, EMPTY).stored;
  readonly #states: KeyStates;
  readonly #firstSource: number;
  readonly #keys: number[] = [];
  /** By key: 1 + its place, first among `#keys`, then in `stored.rows`. */
  readonly #placeOf: Uint32Array;

  constructor(states: KeyStates, firstSource: number) {
    this.#states = states;
    this.#firstSource = firstSource;
    this.#placeOf = new Uint32Array(states.length);
  }

  need(key: number): void {
    if (this.#placeOf[key] !== 0) return;
    this.#placeOf[key] = this.#keys.push(key);
  }

  needSource(source: number): void {
    const key = ValueSources.keyOf(source);
    if (key >= 0) this.need(key);
  }

  /** Sorts what is needed; `refer` may follow. */
  group(): void {
    const chosen = Uint32Array.from(this.#keys);
    const { stored, places } = groupRows(this.#states, chosen);
    this.stored = stored;
    chosen.forEach((key, i) => {
      this.#placeOf[key] = 1 + (places[i] ?? 0);
    });
  }

  /** Points refs[at] at the stored row of a key that is needed. */
  refer(key: number, slot: RefSlot): void {
    const place = (this.#placeOf[key] ?? 0) - 1;
    const { files, starts } = this.stored;
    let [from, to] = [0, files.length];
    while (to - from > 1) {
      const middle = (from + to) >>> 1;
      if ((starts[middle] ?? 0) <= place) from = middle;
      else to = middle;
    }
    slot.refs.source[slot.at] = this.#firstSource + from;
    slot.refs.row[slot.at] = place - (starts[from] ?? 0);
  }
}

const EMPTY = new Uint32Array(0);

interface RefSlot {
  readonly refs: RowRefs;
  at: number;
}

function newRefs(length: number): RowRefs {
  return { length, source: new Uint32Array(length), row: new Uint32Array(length) };
}

function refer(images: PlannedImages, image: number, slot: RefSlot): void {
  const number = images.batchNumber(image);
  slot.refs.source[slot.at] = number;
  slot.refs.row[slot.at] = image - (images.batches[number]?.base ?? 0);
}

interface Feed {
  readonly feed: RowRefs;
  readonly changeTypes: Uint8Array;
  readonly feedOfWrite: Uint32Array;
}

function feedOf(images: PlannedImages, net: NetChanges, reads: StoredReads): Feed {
  const length = net.inserts + net.updates * 2 + net.deletes;
  const feed = newRefs(length);
  const changeTypes = new Uint8Array(length);
  const feedOfWrite = new Uint32Array(net.writeImages.length);
  const slot: RefSlot = { refs: feed, at: 0 };
  let deleted = 0;
  for (let key = 0; key < net.outcome.length; key++) {
    const write = net.outcome[key] ?? KEY_LEFT;
    if (write === KEY_LEFT) continue;
    const wasStored = net.deletedKeys[deleted] === key && deleted < net.deletedKeys.length;
    if (wasStored) {
      const preImage = net.preImages[deleted++] ?? NO_PRE_IMAGE;
      if (preImage === NO_PRE_IMAGE) reads.refer(key, slot);
      else refer(images, preImage, slot);
      changeTypes[slot.at++] = write >= 0 ? FEED_UPDATE_PREIMAGE : FEED_DELETE;
    }
    if (write >= 0) {
      refer(images, net.writeImages[write] ?? 0, slot);
      feedOfWrite[write] = slot.at;
      changeTypes[slot.at++] = wasStored ? FEED_UPDATE_POSTIMAGE : FEED_INSERT;
    }
  }
  return { feed, changeTypes, feedOfWrite };
}

function patchOf(missing: MissingValues, images: PlannedImages, reads: StoredReads): Patch {
  const from = newRefs(missing.sources.length);
  const slot: RefSlot = { refs: from, at: 0 };
  for (const source of missing.sources) {
    const key = ValueSources.keyOf(source);
    if (key >= 0) reads.refer(key, slot);
    else refer(images, source, slot);
    slot.at++;
  }
  return { field: missing.field, writes: Uint32Array.from(missing.writes), from };
}

function unknownValue(images: PlannedImages, field: number): LakeError {
  const column = images.fields[field]?.name ?? '';
  const table = images.table === undefined ? '' : formatTableName(images.table);
  const message = `A change of ${table} leaves out "${column}" of a row that the table does not have`;
  return new LakeError('lake/value-unknown', message, { context: { table, column } });
}
