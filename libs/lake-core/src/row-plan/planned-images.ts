import { PRESENT, UNCHANGED, formatTableName, sameType } from '@cdc-demo/cdc-core';
import type { ChangeBatch, Column, Field, TableName } from '@cdc-demo/cdc-core';

/** The column came after this batch: NULL in its images and in the rows stored by then. */
export const ADDED = -1;
/** The source has the column no more: NULL in new rows, while stored rows may hold a value. */
export const DROPPED = -2;

/** The images of one batch, their columns in the order of the target's fields. */
export interface AlignedImages {
  /** Number of the first image among the images of all batches. */
  readonly base: number;
  readonly length: number;
  /** undefined where every value is NULL. */
  readonly columns: readonly (Column | undefined)[];
  /** 1 for each image with an UNCHANGED value. */
  readonly isPartial: Uint8Array;
  /** Is a full old image everything that the stored row holds? */
  readonly coversStored: boolean;
}

/** The images of all batches of a plan, numbered through. */
export class PlannedImages {
  readonly fields: readonly Field[];
  readonly batches: AlignedImages[] = [];
  /** The table whose changes were added last. */
  table: TableName | undefined;
  #total = 0;

  constructor(fields: readonly Field[]) {
    this.fields = fields;
  }

  get total(): number {
    return this.#total;
  }

  /**
   * @param columns for each field the index of its column in `batch.images`, ADDED or DROPPED
   * @throws TypeError when a column has another type than its field.
   */
  add(batch: ChangeBatch, columns: readonly number[]): AlignedImages {
    const { images } = batch;
    const aligned: AlignedImages = {
      base: this.#total,
      length: images.length,
      columns: this.fields.map((field, i) => {
        const column = images.columns[columns[i] ?? ADDED];
        if (column && !sameType(column.type, field.type)) {
          const table = formatTableName(batch.schema.table);
          throw new TypeError(`Column "${field.name}" of ${table} has another type than its field`);
        }
        return column;
      }),
      isPartial: new Uint8Array(images.length),
      coversStored: !columns.includes(DROPPED),
    };
    if (this.#total + images.length > 0x7fff_ffff) {
      throw new RangeError('One plan takes at most 2^31 - 1 images');
    }
    for (const column of aligned.columns) {
      if (column) markUnchanged(column.presence, aligned.isPartial);
    }
    this.table = batch.schema.table;
    this.#total += images.length;
    this.batches.push(aligned);
    return aligned;
  }

  /** The batch that has the image. */
  batchOf(image: number): AlignedImages {
    return this.batches[this.batchNumber(image)] as AlignedImages;
  }

  batchNumber(image: number): number {
    let from = 0;
    let to = this.batches.length;
    while (to - from > 1) {
      const middle = (from + to) >>> 1;
      if (image < (this.batches[middle]?.base ?? 0)) to = middle;
      else from = middle;
    }
    return from;
  }

  isUnchanged(image: number, field: number): boolean {
    const batch = this.batchOf(image);
    return batch.columns[field]?.presence[image - batch.base] === UNCHANGED;
  }

  /** Are two images the same in every value that both have? */
  equal(image: number, other: number): boolean {
    if (image < 0 || other < 0) return false;
    const [a, b] = [this.batchOf(image), this.batchOf(other)];
    return this.fields.every((_, field) => {
      if (this.isUnchanged(image, field) || this.isUnchanged(other, field)) return true;
      const [column, otherColumn] = [a.columns[field], b.columns[field]];
      const [row, otherRow] = [image - a.base, other - b.base];
      if (column && otherColumn) return column.equalAt(row, otherColumn, otherRow);
      const known = column ? column.presence[row] : otherColumn?.presence[otherRow];
      return known !== PRESENT;
    });
  }

  isPartial(image: number): boolean {
    const batch = this.batchOf(image);
    return batch.isPartial[image - batch.base] === 1;
  }
}

function markUnchanged(presence: Uint8Array, marks: Uint8Array): void {
  let row = presence.indexOf(UNCHANGED);
  if (row < 0) return;
  for (; row < marks.length; row++) if (presence[row] === UNCHANGED) marks[row] = 1;
}
