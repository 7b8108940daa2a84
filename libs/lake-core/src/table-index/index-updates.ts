import type { SpillFile } from '@cdc-demo/cdc-core';
import type { WrittenFile } from '../data-files/data-file-writer.ts';
import type { WrittenPlaces } from '../data-files/table-file-writer.ts';
import { applyToIndex } from '../row-plan/apply-to-index.ts';
import type { Placement } from '../row-plan/apply-to-index.ts';
import type { PlannedKeys, RowPlan } from '../row-plan/row-plan.ts';
import type { LiveFile } from './live-file.ts';
import type { TableIndex } from './table-index.ts';

interface Update {
  readonly truncates: boolean;
  readonly writes: number;
  readonly keys: PlannedKeys | SpilledKeys;
}

interface SpilledKeys extends Pick<PlannedKeys, 'width' | 'length'> {
  readonly start: number;
}

/** New files, and where in them the rows of the plans are; without `places` in their order. */
export interface WrittenRows<F extends LiveFile> {
  readonly files: readonly WrittenFile<F>[];
  readonly places: WrittenPlaces | undefined;
}

/** Where the keys of a commit's plans are from now on; kept until the commit is durable. */
export class IndexUpdates {
  readonly #updates: Update[] = [];

  /** @param file takes the keys, where they may be too many for memory */
  async add({ keys, truncates, writes }: RowPlan, file?: SpillFile): Promise<void> {
    const update = { truncates, writes: writes.length };
    if (!file) {
      this.#updates.push({ ...update, keys });
      return;
    }
    const { width, length, words, outcome } = keys;
    const start = file.size;
    const wordBytes = new Uint8Array(words.buffer, words.byteOffset, length * width * 4);
    const outcomeBytes = new Uint8Array(outcome.buffer, outcome.byteOffset, length * 4);
    await file.append([wordBytes, outcomeBytes]);
    this.#updates.push({ ...update, keys: { width, length, start } });
  }

  /** Lets the keys follow. */
  async apply<F extends LiveFile>(
    index: TableIndex<F>,
    written: WrittenRows<F>,
    file: SpillFile | undefined,
  ): Promise<void> {
    const places = new Places(index, written);
    let isFirst = true;
    for (const { truncates, writes, keys } of this.#updates) {
      const plan = { truncates: truncates && isFirst, keys: await loadKeys(keys, file) };
      applyToIndex(plan, index.keys, places.next(writes));
      isFirst = false;
    }
  }
}

async function loadKeys(
  keys: PlannedKeys | SpilledKeys,
  file: SpillFile | undefined,
): Promise<PlannedKeys> {
  if (!('start' in keys)) return keys;
  if (!file) throw new Error('Keys on disk without their file');
  const { width, length, start } = keys;
  const wordBytes = length * width * 4;
  const { buffer } = await file.read(start, wordBytes + length * 4);
  const words = new Uint32Array(buffer, 0, length * width);
  return { width, length, words, outcome: new Int32Array(buffer, wordBytes, length) };
}

/** Steps through the rows that were written. */
class Places<F extends LiveFile> {
  readonly #ids: readonly number[];
  readonly #written: WrittenRows<F>;
  #rows = 0;
  /** Where the next row is, in the order of the files. */
  #file = 0;
  #row = 0;

  constructor(index: TableIndex<F>, written: WrittenRows<F>) {
    this.#written = written;
    this.#ids = written.files.map(({ file, rows }) => {
      return index.addFile({ file, rows, deleted: undefined });
    });
  }

  /** Where the next `count` rows are. */
  next(count: number): Placement {
    const { places } = this.#written;
    const first = this.#rows;
    this.#rows += count;
    if (!places) return this.#inOrder(count);
    const files = places.files.slice(first, first + count);
    return {
      files: files.map((file) => this.#ids[file] ?? 0),
      rows: places.rows.subarray(first, first + count),
    };
  }

  #inOrder(count: number): Placement {
    if (count <= this.#left) {
      const placement = { file: this.#ids[this.#file] ?? 0, firstRow: this.#row };
      this.#row += count;
      return placement;
    }
    const files = new Uint32Array(count);
    const rows = new Uint32Array(count);
    for (let at = 0; at < count; ) {
      if (this.#left === 0) this.#nextFile();
      const end = Math.min(count, at + this.#left);
      files.fill(this.#ids[this.#file] ?? 0, at, end);
      while (at < end) rows[at++] = this.#row++;
    }
    return { files, rows };
  }

  get #left(): number {
    return (this.#written.files[this.#file]?.rows ?? 0) - this.#row;
  }

  #nextFile(): void {
    this.#file++;
    this.#row = 0;
    if (this.#file >= this.#written.files.length) throw new RangeError('More rows than written');
  }
}
