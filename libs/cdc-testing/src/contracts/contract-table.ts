import {
  DELETE,
  INSERT,
  NO_IMAGE,
  TRUNCATE,
  TransactionAssembler,
  UPDATE,
  postgresPosition,
} from '@cdc-demo/cdc-core';
import type { ChangeBatch, FieldValue, Op, TableSchema } from '@cdc-demo/cdc-core';

/** The table of the contracts: a key and a text. */
export const contractTable: TableSchema = {
  table: { namespace: 'public', name: 'contract' },
  version: 1,
  fields: [
    { id: 1, name: 'id', type: { kind: 'int', bits: 32 }, nullable: false },
    { id: 2, name: 'text', type: { kind: 'string' }, nullable: true },
  ],
  key: [0],
};

/** The same with a column more. */
export const widerTable: TableSchema = {
  ...contractTable,
  version: 2,
  fields: [
    ...contractTable.fields,
    { id: 3, name: 'added', type: { kind: 'string' }, nullable: true },
  ],
};

interface Images {
  /** The whole old row, or only its key. */
  readonly before?: readonly FieldValue[];
  readonly after?: readonly FieldValue[];
}

/** Transactions of `contractTable`, one after the other; each ends at its own position. */
export class Transactions {
  readonly #assembler = new TransactionAssembler();
  readonly #schema: TableSchema;
  #end: bigint;

  constructor(lsn: number, schema: TableSchema = contractTable) {
    this.#schema = schema;
    this.#end = BigInt(lsn);
    this.#begin();
  }

  /** Ends the open transaction and begins one that ends at `lsn`. */
  next(lsn: number): this {
    this.#assembler.commit(postgresPosition(this.#end));
    this.#end = BigInt(lsn);
    this.#begin();
    return this;
  }

  insert(id: number, text: string): this {
    return this.append(INSERT, { after: [id, text] });
  }

  /** With the key alone as old row, as sources send it that keep no whole rows. */
  update(id: number, text: string): this {
    return this.append(UPDATE, { after: [id, text] });
  }

  delete(id: number): this {
    return this.append(DELETE, { before: [id] });
  }

  /** Another key. */
  move(id: number, to: number, text: string): this {
    return this.append(UPDATE, { before: [id], after: [to, text] });
  }

  /** An update that does not send the text. */
  touch(id: number): this {
    return this.append(UPDATE, { after: [id] });
  }

  truncate(): this {
    return this.append(TRUNCATE, {});
  }

  append(op: Op, { before, after }: Images): this {
    const batch = this.#assembler.batchFor(this.#schema);
    this.#assembler.append(batch, op, {
      before: before ? appendImage(batch, before) : NO_IMAGE,
      after: after ? appendImage(batch, after) : NO_IMAGE,
      beforeIsFull: before?.length === this.#schema.fields.length,
    });
    return this;
  }

  /** Ends the open transaction; everything so far, as the engine hands it to a sink. */
  batches(): readonly ChangeBatch[] {
    this.#assembler.commit(postgresPosition(this.#end));
    return this.#assembler.take()?.batches ?? [];
  }

  #begin(): void {
    const commit = postgresPosition(this.#end - 1n);
    this.#assembler.begin({ commit, committedAtUs: 0n, id: this.#end });
  }
}

/** Values that are left out at the end are UNCHANGED. */
function appendImage({ images }: ChangeBatch, values: readonly FieldValue[]): number {
  images.columns.forEach((column, i) => {
    if (i < values.length) column.appendValue(values[i] ?? null);
    else column.appendUnchanged();
  });
  return images.endRow();
}
