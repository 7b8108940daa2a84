import { INSERT, NO_IMAGE, UNCHANGED, UPDATE, formatTableName } from '@cdc-demo/cdc-core';
import type {
  ChangeBatch,
  ResyncRequest,
  ResyncRows,
  TableName,
  TableSchema,
} from '@cdc-demo/cdc-core';

/** The tables whose rows are being read beside the stream, and how far each has come. */
export class ResyncState {
  readonly #requests = new Map<string, ResyncRequest>();

  constructor(requests: readonly ResyncRequest[]) {
    for (const request of requests) this.#requests.set(formatTableName(request.table), request);
  }

  /** As the progress record keeps them. */
  get requests(): readonly ResyncRequest[] {
    return [...this.#requests.values()];
  }

  has(table: TableName): boolean {
    return this.#requests.has(formatTableName(table));
  }

  /** The table is read from its first key on, whether it was being read before or not. */
  begin(table: TableName): ResyncRequest {
    const request = { table, after: null };
    this.#requests.set(formatTableName(table), request);
    return request;
  }

  /**
   * Takes note of rows that were committed; `complete` when they were the last of their table.
   * Rows of a reading that was begun anew meanwhile bring it no further.
   */
  advance({ schema, from, next }: ResyncRows): 'complete' | 'going-on' {
    const { table } = schema;
    const name = formatTableName(table);
    const request = this.#requests.get(name);
    if (!request || JSON.stringify(request.after) !== JSON.stringify(from)) return 'going-on';
    if (next === 'complete') this.#requests.delete(name);
    else this.#requests.set(name, { table, after: next });
    return next === 'complete' ? 'complete' : 'going-on';
  }
}

/** Columns of a schema that rows from before may hold values in, and that a table lacks. */
export function columnsToRead(schema: TableSchema, lacks: readonly string[]): readonly string[] {
  return schema.fields.flatMap(({ name, hasDefault }) =>
    hasDefault && lacks.includes(name) ? [name] : [],
  );
}

/**
 * Does a row change its key without being sent whole? Where rows are still to be read, nothing may
 * hold the rest of it: it may come from keys ahead, and go to keys that were read already.
 */
export function movesPartly(batch: ChangeBatch): boolean {
  const { columns } = batch.images;
  for (let row = 0; row < batch.length; row++) {
    const before = batch.before[row] ?? NO_IMAGE;
    const after = batch.after[row] ?? NO_IMAGE;
    const op = batch.ops[row] ?? INSERT;
    if (op !== UPDATE || before === NO_IMAGE || batch.beforeIsFull[row] === 1) continue;
    if (columns.some(({ presence }) => presence[after] === UNCHANGED)) return true;
  }
  return false;
}
