import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field, FieldValue } from '@cdc-demo/cdc-core';
import { DeletionVector } from '../deletion-vector/deletion-vector.ts';
import { indexRows } from '../key-index/index-rows.ts';
import { KeyEncoder } from '../key-index/key-encoder.ts';
import { KeyIndex } from '../key-index/key-index.ts';
import { applyToIndex } from './apply-to-index.ts';
import { materialiseFeed, materialiseRows } from './materialise.ts';
import { CHANGE_TYPES } from './row-plan.ts';
import type { RowPlan } from './row-plan.ts';
import type { StoredRows } from './stored-rows.ts';

interface File {
  readonly rows: ColumnBatch;
  readonly deleted: DeletionVector;
}

export interface FeedLine {
  readonly type: (typeof CHANGE_TYPES)[number];
  readonly row: readonly FieldValue[];
}

/** A table in memory, changed by plans as a table format changes its files. */
export class StoredTable {
  readonly fields: readonly Field[];
  readonly key: readonly number[];
  readonly encoder: KeyEncoder;
  index: KeyIndex;
  readonly files = new Map<number, File>();
  #nextFile = 3;

  constructor(fields: readonly Field[], key: readonly number[]) {
    this.fields = fields;
    this.key = key;
    this.encoder = new KeyEncoder(
      key.map((at) => fields[at]!),
      new Uint8Array(16).fill(5),
    );
    this.index = new KeyIndex({ width: this.encoder.width, seed: 77 });
  }

  /** The live rows with their places. */
  *live(): Generator<{ file: number; row: number; values: FieldValue[] }> {
    for (const [file, { rows, deleted }] of this.files) {
      for (let row = 0; row < rows.length; row++) {
        if (!deleted.has(row)) yield { file, row, values: rows.row(row) };
      }
    }
  }

  read(reads: StoredRows): ColumnBatch[] {
    return [...reads.files].map((file, i) => {
      const batch = new ColumnBatch(this.fields);
      for (const row of reads.rows.subarray(reads.starts[i], reads.starts[i + 1])) {
        batch.appendRowFrom(this.files.get(file)!.rows, row);
      }
      return batch;
    });
  }

  /** Carries out the plans of one commit; returns the change feed. */
  commit(...plans: readonly RowPlan[]): FeedLine[] {
    const ready = plans.map((plan) => ({ plan, stored: this.read(plan.reads) }));
    const rows = ready.map(({ plan, stored }) => materialiseRows(plan, stored));
    const feed = ready.flatMap(({ plan, stored }) => this.#feed(plan, stored));
    for (const { deletions } of plans) {
      deletions.files.forEach((file, i) => {
        const named = deletions.rows.subarray(deletions.starts[i], deletions.starts[i + 1]);
        this.files.get(file)!.deleted.addRows(named);
      });
    }
    if (plans.some(({ truncates }) => truncates)) {
      for (const { values } of this.live()) feed.push({ type: 'delete', row: values });
      this.files.clear();
    }
    plans.forEach((plan, i) => {
      const file = this.#nextFile++;
      this.files.set(file, { rows: rows[i]!, deleted: new DeletionVector() });
      const truncates = plan.truncates && i === 0;
      applyToIndex({ ...plan, truncates }, this.index, { file, firstRow: 0 });
    });
    return feed;
  }

  /** Puts all rows into one new file, and builds a new index, as a foreign compaction would. */
  compact(): void {
    const rows = new ColumnBatch(this.fields);
    for (const { file, row } of [...this.live()].reverse()) {
      rows.appendRowFrom(this.files.get(file)!.rows, row);
    }
    const file = this.#nextFile++;
    this.files.clear();
    this.files.set(file, { rows, deleted: new DeletionVector() });
    this.reindex();
  }

  /** Builds the index anew from the files. */
  reindex(): void {
    this.index.clear();
    for (const [file, { rows, deleted }] of this.files) {
      indexRows(this.index, this.encoder, {
        columns: this.key.map((at) => rows.columns[at]!),
        length: rows.length,
        file,
        firstRow: 0,
        deleted,
      });
    }
  }

  /** The index as text, key by key. */
  indexed(): string[] {
    const lines: string[] = [];
    this.index.forEach((key, file, row) => lines.push([...key, '@', file, row].join()));
    return lines.sort();
  }

  #feed(plan: RowPlan, stored: readonly ColumnBatch[]): FeedLine[] {
    // In two pieces, as a writer with a limit to its memory would.
    const middle = plan.feed.length >> 1;
    const pieces = [
      { start: 0, end: middle },
      { start: middle, end: plan.feed.length },
    ];
    return pieces.flatMap((span) => {
      const { rows, changeTypes } = materialiseFeed(plan, stored, span);
      return Array.from(changeTypes, (type, i) => ({
        type: CHANGE_TYPES[type]!,
        row: rows.row(i),
      }));
    });
  }
}
