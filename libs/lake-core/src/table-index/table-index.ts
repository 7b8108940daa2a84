import { randomBytes } from 'node:crypto';
import type { Clock, Column, Field, Logger } from '@cdc-demo/cdc-core';
import type { DeletionVector } from '../deletion-vector/deletion-vector.ts';
import { LakeError } from '../errors.ts';
import { FileRegistry } from '../key-index/file-registry.ts';
import { indexRows } from '../key-index/index-rows.ts';
import type { FileRows, IndexedRows } from '../key-index/index-rows.ts';
import { KeyEncoder } from '../key-index/key-encoder.ts';
import { KeyIndex } from '../key-index/key-index.ts';
import type { FileReader, LiveFile, TableRows } from './live-file.ts';
import type { MovedKeys } from './moved-keys.ts';
import type { RewrittenRows } from './rewritten-rows.ts';

/** Files whose keys are read at the same time. */
const READERS = 2;

/** A live file as the index knows it. */
export interface IndexedFile<F extends LiveFile> {
  readonly file: F;
  /** Rows in the file, deleted ones included. */
  readonly rows: number;
  /** Rows that are deleted; not to be changed. */
  readonly deleted: DeletionVector | undefined;
}

/**
 * Where the row of each key of a table is. Derived from the table's files: it may be thrown away
 * at any time.
 */
export class TableIndex<F extends LiveFile> {
  readonly keys: KeyIndex;
  readonly encoder: KeyEncoder;
  /** Paths of live files, as the log spells them, to the numbers that `keys` has. */
  readonly registry = new FileRegistry();
  readonly #files = new Map<number, IndexedFile<F>>();
  readonly #keyFields: readonly Field[];

  /** Use `build`. */
  constructor(keyFields: readonly Field[], expectedKeys: number) {
    this.#keyFields = keyFields;
    this.encoder = new KeyEncoder(keyFields, randomBytes(16));
    const { width } = this.encoder;
    this.keys = new KeyIndex({ width, seed: randomBytes(4).readInt32LE(), expectedKeys });
  }

  /**
   * Reads the keys of all live rows.
   * @throws LakeError `lake/key-not-unique` when a key has two rows
   */
  static async build<F extends LiveFile>(
    rows: TableRows<F>,
    keyFields: readonly Field[],
    { logger, clock }: { readonly logger: Logger; readonly clock: Clock },
  ): Promise<TableIndex<F>> {
    const startedMs = clock.monotonicMs();
    const { location, version } = rows;
    const index = new TableIndex<F>(keyFields, rows.expectedRows);
    const files = [...rows.files];
    const waiting = files.values();
    const readNext = async (): Promise<void> => {
      const reader = rows.openReader();
      for (const file of waiting) {
        assertOnePerKey(location, file, await index.#read(reader, file));
      }
    };
    await Promise.all(Array.from({ length: READERS }, readNext));
    logger.info('indexed the keys of a table', {
      table: location,
      version,
      keys: index.keys.size,
      files: files.length,
      bytes: index.keys.byteSize,
      durationMs: clock.monotonicMs() - startedMs,
    });
    return index;
  }

  /** The live file with a number of `registry`. */
  file(id: number): IndexedFile<F> {
    const file = this.#files.get(id);
    if (!file) throw new Error(`The index names file ${id}, which the table does not have`);
    return file;
  }

  get fileCount(): number {
    return this.#files.size;
  }

  files(): IterableIterator<[number, IndexedFile<F>]> {
    return this.#files.entries();
  }

  /** Registers a new live file; its keys are put by whoever knows them. */
  addFile(indexed: IndexedFile<F>): number {
    const id = this.registry.add(indexed.file.path);
    this.#files.set(id, indexed);
    return id;
  }

  /** Other rows of a live file are deleted now. */
  replaceFile(id: number, indexed: IndexedFile<F>): void {
    this.#files.set(id, indexed);
  }

  /** Forgets a file that is not live any more; none of its rows is in `keys`. */
  removeFile(id: number): void {
    this.registry.delete(this.registry.path(id));
    this.#files.delete(id);
  }

  /** Reads the keys of a new live file; those that lead elsewhere lead to it from then on. */
  async readFile(reader: FileReader<F>, file: F): Promise<void> {
    await this.#read(reader, file, 'replace');
  }

  /** Names of the key's columns. */
  get key(): string[] {
    return this.#keyFields.map(({ name }) => name);
  }

  /**
   * Brings the index to a later version that somebody else made, by reading the keys of the files
   * that are new in it.
   * @returns false when the index is of no use any more
   */
  async follow(rows: TableRows<F>): Promise<boolean> {
    const reader = rows.openReader();
    const live = new Set<number>();
    const unread: F[] = [];
    let hasLost = false;
    for (const file of [...rows.files]) {
      const id = this.registry.id(file.path);
      const known = id === undefined ? undefined : this.#files.get(id);
      if (id === undefined || !known) {
        unread.push(file);
      } else if (rows.isSame(known.file, file)) {
        this.replaceFile(id, { ...known, file });
        live.add(id);
      } else if (await this.#remark(id, { known, file, reader })) {
        live.add(id);
        hasLost = true;
      } else {
        unread.push(file);
      }
    }
    for (const id of [...this.#files.keys()]) {
      if (live.has(id)) continue;
      this.removeFile(id);
      hasLost = true;
    }
    for (const file of unread) await this.#read(reader, file, 'replace');
    if (hasLost) this.#dropGone();
    let count = 0;
    for (const indexed of this.#files.values()) {
      count += indexed.rows - (indexed.deleted?.cardinality ?? 0);
    }
    return this.keys.size === count;
  }

  /**
   * Lets the keys of rewritten rows lead to the new files. A row that has moved on or was deleted
   * meanwhile stays where it is.
   */
  moved({ sources, outputs }: RewrittenRows<F>, moved: MovedKeys): void {
    const { words, width } = moved;
    const targets = outputs.map(({ file }) => (file ? this.addFile(file) : -1));
    let output = 0;
    let outputRow = 0;
    let at = 0;
    for (const { file, rows, deleted } of sources) {
      const from = this.registry.id(file.path);
      const leftOut = new Uint8Array(rows);
      deleted?.mark(0, leftOut);
      for (let row = 0; row < rows; row++) {
        if (leftOut[row] === 1) continue;
        while (outputRow === outputs[output]?.rows) {
          output++;
          outputRow = 0;
        }
        const isHere =
          this.keys.seek(words, at) && this.keys.file === from && this.keys.row === row;
        if (isHere) this.keys.put(targets[output] ?? -1, outputRow);
        outputRow++;
        at += width;
      }
      if (from !== undefined) this.removeFile(from);
    }
  }

  /** Takes over the deleted rows of a known file; false when rows of it have come back. */
  async #remark(
    id: number,
    on: { readonly known: IndexedFile<F>; readonly file: F; readonly reader: FileReader<F> },
  ): Promise<boolean> {
    const { known, file, reader } = on;
    const deleted = await reader.deletedRows(file);
    for (const row of known.deleted?.rows() ?? []) if (!deleted?.has(row)) return false;
    this.replaceFile(id, { file, rows: known.rows, deleted });
    return true;
  }

  /** Removes the keys of rows that are in no live file, or deleted there. */
  #dropGone(): void {
    this.keys.removeWhere((id, row) => {
      const file = this.#files.get(id);
      return file === undefined || (file.deleted?.has(row) ?? false);
    });
  }

  /** Registers a file and puts the keys of its live rows. */
  async #read(
    reader: FileReader<F>,
    file: F,
    onDuplicate: FileRows['onDuplicate'] = 'keep',
  ): Promise<IndexedRows> {
    const deleted = await reader.deletedRows(file);
    const id = this.addFile({ file, rows: await reader.rowCount(file), deleted });
    let found: IndexedRows = { added: 0, duplicates: 0, incomplete: 0 };
    let firstRow = 0;
    for await (const rows of reader.rowsExcept(file, undefined, this.key)) {
      const { length } = rows;
      const columns: readonly Column[] = rows.columns;
      const of = { columns, length, file: id, firstRow, onDuplicate };
      const indexed = indexRows(this.keys, this.encoder, deleted ? { ...of, deleted } : of);
      firstRow += length;
      found = {
        added: found.added + indexed.added,
        duplicates: found.duplicates + indexed.duplicates,
        incomplete: found.incomplete + indexed.incomplete,
        ...((found.firstDuplicate ?? indexed.firstDuplicate)
          ? { firstDuplicate: found.firstDuplicate ?? indexed.firstDuplicate }
          : {}),
      };
    }
    return found;
  }
}

/** @throws LakeError `lake/key-not-unique` when a key has two rows, or NULL in it */
function assertOnePerKey(location: string, { path }: LiveFile, indexed: IndexedRows): void {
  if (indexed.duplicates === 0 && indexed.incomplete === 0) return;
  throw new LakeError(
    'lake/key-not-unique',
    `${location} has two rows of one key, or NULL in a key`,
    { context: { location, file: path, ...indexed.firstDuplicate } },
  );
}
