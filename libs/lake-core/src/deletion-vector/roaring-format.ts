import {
  ARRAY_LIMIT,
  ArrayContainer,
  BITMAP_BYTES,
  BitmapContainer,
  RunContainer,
  bitCount,
} from './container.ts';
import type { Container } from './container.ts';
import type { ByteCursor } from './byte-cursor.ts';
import { RoaringBitmap } from './roaring-bitmap.ts';

const COOKIE_WITHOUT_RUNS = 12346;
const COOKIE_WITH_RUNS = 12347;
/** With runs, the offsets of the containers are left out below this number of them. */
const OFFSETS_FROM = 4;

interface Header {
  readonly start: number;
  readonly count: number;
  /** One bit a container, set for runs. */
  readonly runFlags: Uint8Array;
  readonly hasOffsets: boolean;
}

/**
 * Reads one 32-bit bitmap in the portable form (RoaringFormatSpec); the cursor stands behind it
 * then.
 * @throws LakeError `lake/deletion-vector-corrupt` for anything but a well-formed bitmap.
 */
export function readBitmap(cursor: ByteCursor): RoaringBitmap {
  const header = readHeader(cursor);
  const { count } = header;
  const descriptors = cursor.u16s(count * 2);
  const offsets = header.hasOffsets ? cursor.u32s(count) : undefined;
  const bitmap = new RoaringBitmap();
  let lastHigh = -1;
  for (let i = 0; i < count; i++) {
    const high = descriptors[i * 2] ?? 0;
    if (high <= lastHigh) throw cursor.corrupt('its containers are not in order');
    lastHigh = high;
    if (offsets && offsets[i] !== cursor.at - header.start) {
      throw cursor.corrupt('the offset of a container is wrong');
    }
    const isRun = (((header.runFlags[i >> 3] ?? 0) >> (i & 7)) & 1) === 1;
    const cardinality = (descriptors[i * 2 + 1] ?? 0) + 1;
    const container = isRun ? readRuns(cursor, cardinality) : readPlain(cursor, cardinality);
    bitmap.appendContainer(high, container);
  }
  return bitmap;
}

function readHeader(cursor: ByteCursor): Header {
  const start = cursor.at;
  const cookie = cursor.u32();
  if ((cookie & 0xffff) === COOKIE_WITH_RUNS) {
    const count = (cookie >>> 16) + 1;
    const runFlags = cursor.take((count + 7) >> 3);
    return { start, count, runFlags, hasOffsets: count >= OFFSETS_FROM };
  }
  if (cookie !== COOKIE_WITHOUT_RUNS) throw cursor.corrupt('a bitmap has an unknown cookie');
  const count = cursor.u32();
  if (count > 0x10000) throw cursor.corrupt('a bitmap has more than 65 536 containers');
  return { start, count, runFlags: new Uint8Array(0), hasOffsets: true };
}

function readPlain(cursor: ByteCursor, cardinality: number): Container {
  if (cardinality > ARRAY_LIMIT) {
    const words = cursor.u32s(BITMAP_BYTES / 4);
    let bits = 0;
    for (const word of words) bits += bitCount(word);
    if (bits !== cardinality) throw cursor.corrupt('a bitmap container has another cardinality');
    return new BitmapContainer(words, cardinality);
  }
  const lows = cursor.u16s(cardinality);
  let last = -1;
  for (const low of lows) {
    if (low <= last) throw cursor.corrupt('the values of an array container are not in order');
    last = low;
  }
  return new ArrayContainer(lows, cardinality);
}

function readRuns(cursor: ByteCursor, cardinality: number): Container {
  const pairs = cursor.u16s(cursor.u16() * 2);
  let last = -1;
  let values = 0;
  for (let i = 0; i < pairs.length; i += 2) {
    const first = pairs[i] ?? 0;
    const length = pairs[i + 1] ?? 0;
    if (first <= last) throw cursor.corrupt('the runs of a container are not in order');
    last = first + length;
    values += length + 1;
  }
  if (last > 0xffff) throw cursor.corrupt('a run passes the end of its container');
  if (values !== cardinality) throw cursor.corrupt('a run container has another cardinality');
  return new RunContainer(pairs, cardinality);
}

type Form = 'array' | 'bitmap' | 'runs';

interface Plan {
  readonly forms: readonly Form[];
  readonly sizes: readonly number[];
  readonly headerSize: number;
  readonly size: number;
}

/** Bytes that `writeBitmap` will write, and the form of each container: the smallest. */
export function planBitmap(bitmap: RoaringBitmap): Plan {
  const forms: Form[] = [];
  const sizes: number[] = [];
  for (const container of bitmap.containers) {
    const plain = container.cardinality > ARRAY_LIMIT ? BITMAP_BYTES : container.cardinality * 2;
    const runs = 2 + container.runs() * 4;
    const form = container.cardinality > ARRAY_LIMIT ? 'bitmap' : 'array';
    forms.push(runs < plain ? 'runs' : form);
    sizes.push(Math.min(runs, plain));
  }
  const count = forms.length;
  const headerSize = forms.includes('runs')
    ? 4 + ((count + 7) >> 3) + count * (count >= OFFSETS_FROM ? 8 : 4)
    : 8 + count * 8;
  return { forms, sizes, headerSize, size: sizes.reduce((sum, size) => sum + size, headerSize) };
}

/** Writes a bitmap in the portable form into the first `plan.size` bytes of `into`. */
export function writeBitmap(bitmap: RoaringBitmap, plan: Plan, into: Uint8Array): void {
  const view = new DataView(into.buffer, into.byteOffset, plan.size);
  const { forms, sizes } = plan;
  const { highs, containers } = bitmap;
  const count = forms.length;
  const hasRuns = forms.includes('runs');
  let at = 4;
  if (hasRuns) {
    view.setUint32(0, COOKIE_WITH_RUNS + (count - 1) * 0x10000, true);
    forms.forEach((form, i) => {
      if (form === 'runs') into[at + (i >> 3)] = (into[at + (i >> 3)] ?? 0) | (1 << (i & 7));
    });
    at += (count + 7) >> 3;
  } else {
    view.setUint32(0, COOKIE_WITHOUT_RUNS, true);
    view.setUint32(4, count, true);
    at += 4;
  }
  containers.forEach((container, i) => {
    view.setUint16(at + i * 4, highs[i] ?? 0, true);
    view.setUint16(at + i * 4 + 2, container.cardinality - 1, true);
  });
  at += count * 4;
  if (!hasRuns || count >= OFFSETS_FROM) {
    let offset = plan.headerSize;
    for (const size of sizes) {
      view.setUint32(at, offset, true);
      offset += size;
      at += 4;
    }
  }
  containers.forEach((container, i) => {
    if (forms[i] === 'runs') writeRuns(container, view, at);
    else writePlain(container, view, at);
    at += sizes[i] ?? 0;
  });
}

function writePlain(container: Container, view: DataView, start: number): void {
  if (container.cardinality > ARRAY_LIMIT) {
    const isBitmap = container instanceof BitmapContainer;
    const { words } = isBitmap ? container : BitmapContainer.of(container.lows());
    words.forEach((word, i) => view.setUint32(start + i * 4, word, true));
  } else {
    container.lows().forEach((low, i) => view.setUint16(start + i * 2, low, true));
  }
}

function writeRuns(container: Container, view: DataView, start: number): void {
  let runs = 0;
  let first = 0;
  let last = -2;
  for (const low of container.lows()) {
    if (low !== last + 1) {
      runs++;
      first = low;
    }
    const at = start + runs * 4 - 2;
    view.setUint16(at, first, true);
    view.setUint16(at + 2, low - first, true);
    last = low;
  }
  view.setUint16(start, runs, true);
}
