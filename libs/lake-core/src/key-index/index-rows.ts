import type { Column } from '@cdc-demo/cdc-core';
import type { DeletionVector } from '../deletion-vector/deletion-vector.ts';
import { KeyBlock } from './key-block.ts';
import type { KeyEncoder } from './key-encoder.ts';
import type { KeyIndex } from './key-index.ts';

/** Keys encoded at a time: they stay in the processor's cache between encoding and insertion. */
const BLOCK_ROWS = 512;

/** Stored rows of one file. */
export interface FileRows {
  /** The key's columns in the key's order, `length` rows of them. */
  readonly columns: readonly Column[];
  readonly length: number;
  readonly file: number;
  /** Row number in the file of the first row of `columns`. */
  readonly firstRow: number;
  /** Rows of the file that are not there. */
  readonly deleted?: DeletionVector;
  /** `keep` the location that a key has already (default), or `replace` it. */
  readonly onDuplicate?: 'keep' | 'replace';
}

export interface IndexedRows {
  /** Keys that were not in the index. */
  readonly added: number;
  /** Rows whose key was in the index already. */
  readonly duplicates: number;
  /** Rows with NULL in their key; they are not indexed. */
  readonly incomplete: number;
  /** One of the duplicates, and the row that the index had for its key. */
  readonly firstDuplicate?: {
    readonly file: number;
    readonly row: number;
    readonly knownFile: number;
    readonly knownRow: number;
  };
}

/** Puts the keys of stored rows into the index. */
export function indexRows(index: KeyIndex, encoder: KeyEncoder, rows: FileRows): IndexedRows {
  const { columns, length, file, firstRow, deleted } = rows;
  const block = new KeyBlock(encoder.width);
  const mask = new Uint8Array(deleted ? length : 0);
  deleted?.mark(firstRow, mask);
  const replace = rows.onDuplicate === 'replace';
  let [added, duplicates, incomplete] = [0, 0, 0];
  let firstDuplicate: IndexedRows['firstDuplicate'];
  for (let start = 0; start < length; start += BLOCK_ROWS) {
    const end = Math.min(length, start + BLOCK_ROWS);
    encoder.encode(columns, { start, end }, block);
    index.prefetch(block.words, 0, block.length);
    for (let i = 0; i < block.length; i++) {
      if (mask[start + i] === 1) continue;
      if (block.presence[i] !== 1) {
        incomplete++;
        continue;
      }
      const row = firstRow + start + i;
      const isKnown = index.seek(block.words, i * block.width);
      if (isKnown) {
        duplicates++;
        firstDuplicate ??= { file, row, knownFile: index.file, knownRow: index.row };
        if (!replace) continue;
      } else {
        added++;
      }
      index.put(file, row);
    }
  }
  return { added, duplicates, incomplete, ...(firstDuplicate ? { firstDuplicate } : {}) };
}
