import { ColumnBatch, canonicalRow, createColumn } from '@cdc-demo/cdc-core';
import type { Column, Field, FieldValue } from '@cdc-demo/cdc-core';
import { LINEAGE_FIELDS } from '../read/row-lineage.ts';
import type { MovedRows } from './changed-rows.ts';

/** What happened to a row, as changelogs of Iceberg call it. */
export type ChangeType = 'INSERT' | 'DELETE' | 'UPDATE_BEFORE' | 'UPDATE_AFTER';

export interface PairOptions {
  /** Columns of the result, from the first of those that are read on. */
  readonly outputs: number;
  /** Have the rows `_row_id` and `_last_updated_sequence_number` behind their columns? */
  readonly lineage: boolean;
  /** Places of the columns whose values tell rows apart; none: rows are not paired by them. */
  readonly identifier: readonly number[];
  /** Show an update as its two rows, or as a delete and an insert? */
  readonly updates: 'paired' | 'separate';
}

/** A row that left. */
interface GoneRow extends PlacedRow {
  /** Has the row that it became been found? */
  isFound: boolean;
}

interface PlacedRow {
  readonly batch: ColumnBatch;
  readonly row: number;
}

/** Changes of one snapshot, each with its row. */
export interface ChangedRows {
  readonly types: readonly ChangeType[];
  readonly rows: ColumnBatch;
}

const BATCH_ROWS = 8192;

/**
 * Turns rows that left and came into changes. A row that only moved to another file is none: one
 * with the same row id that was not updated since, or, in tables without row ids, one with the same
 * values in all columns. Rows that left are held in memory until those that came are known.
 */
export class ChangePairing {
  readonly #options: PairOptions;
  readonly #gone: GoneRow[] = [];
  readonly #byMove = new Map<string, GoneRow[]>();
  readonly #byIdentifier = new Map<string, GoneRow[]>();
  readonly #output: ChangeOutput;

  /** @param fields of the rows that are paired, those of row lineage last */
  constructor(fields: readonly Field[], options: PairOptions) {
    this.#options = options;
    this.#output = new ChangeOutput(fields.slice(0, options.outputs));
  }

  /** @param moved all that left before all that came */
  async *pair(moved: AsyncIterable<MovedRows>): AsyncGenerator<ChangedRows, void, undefined> {
    for await (const { kind, rows: batch } of moved) {
      for (let row = 0; row < batch.length; row++) {
        if (kind === 'gone') this.#note({ batch, row, isFound: false });
        else this.#match({ batch, row });
      }
      if (this.#output.length >= BATCH_ROWS) yield this.#output.take();
    }
    for (const gone of this.#gone) if (!gone.isFound) this.#output.append('DELETE', gone);
    if (this.#output.length > 0) yield this.#output.take();
  }

  #note(gone: GoneRow): void {
    this.#gone.push(gone);
    add(this.#byMove, this.#moveKey(gone), gone);
    const identifier = this.#identifierKey(gone);
    if (identifier !== undefined) add(this.#byIdentifier, identifier, gone);
  }

  #match(came: PlacedRow): void {
    const moved = take(this.#byMove.get(this.#moveKey(came)));
    if (moved) {
      if (this.#wasUpdated(moved, came)) this.#update(moved, came);
      return;
    }
    const identifier = this.#identifierKey(came);
    const replaced =
      identifier === undefined ? undefined : take(this.#byIdentifier.get(identifier));
    if (replaced) this.#update(replaced, came);
    else this.#output.append('INSERT', came);
  }

  #update(before: PlacedRow, after: PlacedRow): void {
    const isPaired = this.#options.updates === 'paired';
    this.#output.append(isPaired ? 'UPDATE_BEFORE' : 'DELETE', before);
    this.#output.append(isPaired ? 'UPDATE_AFTER' : 'INSERT', after);
  }

  /** Of a row that kept its id: has somebody changed it, or only its place? */
  #wasUpdated(before: PlacedRow, after: PlacedRow): boolean {
    if (!this.#options.lineage) return false;
    return lineageOf(before).updated !== lineageOf(after).updated;
  }

  #moveKey(placed: PlacedRow): string {
    if (this.#options.lineage) {
      const { id } = lineageOf(placed);
      if (typeof id === 'bigint') return id.toString();
    }
    return rowText(placed);
  }

  #identifierKey(placed: PlacedRow): string | undefined {
    const { identifier, updates } = this.#options;
    if (identifier.length === 0 || updates === 'separate') return undefined;
    return rowText(placed, identifier);
  }
}

/** Gathers changes, whose rows come from many batches. */
class ChangeOutput {
  readonly #fields: readonly Field[];
  #types: ChangeType[] = [];
  #columns: Column[];

  constructor(fields: readonly Field[]) {
    this.#fields = fields;
    this.#columns = this.#empty();
  }

  get length(): number {
    return this.#types.length;
  }

  append(type: ChangeType, { batch, row }: PlacedRow): void {
    this.#types.push(type);
    this.#columns.forEach((column, i) => {
      const source = batch.columns[i];
      if (source) column.appendFrom(source, row);
    });
  }

  take(): ChangedRows {
    const rows = ColumnBatch.of(this.#fields, this.#columns, this.length);
    const taken = { types: this.#types, rows };
    this.#types = [];
    this.#columns = this.#empty();
    return taken;
  }

  #empty(): Column[] {
    return this.#fields.map(({ type }) => createColumn(type));
  }
}

function add(rows: Map<string, GoneRow[]>, key: string, gone: GoneRow): void {
  const list = rows.get(key);
  if (list) list.push(gone);
  else rows.set(key, [gone]);
}

/** The next row that is not found yet, which it is now. */
function take(rows: GoneRow[] | undefined): GoneRow | undefined {
  for (let gone = rows?.shift(); gone; gone = rows?.shift()) {
    if (gone.isFound) continue;
    gone.isFound = true;
    return gone;
  }
  return undefined;
}

function lineageOf({ batch, row }: PlacedRow): { id: FieldValue; updated: FieldValue } {
  const [id, updated] = batch.columns.slice(-LINEAGE_FIELDS.length);
  return { id: id?.value(row) ?? null, updated: updated?.value(row) ?? null };
}

function rowText({ batch, row }: PlacedRow, columns?: readonly number[]): string {
  const places = columns ?? [...batch.columns.keys()];
  return canonicalRow(
    places.flatMap((at) => batch.fields[at] ?? []),
    places.map((at) => batch.columns[at]?.value(row) ?? null),
  );
}
