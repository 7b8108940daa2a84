import {
  DELETE,
  INSERT,
  NO_IMAGE,
  TRUNCATE,
  TransactionAssembler,
  UPDATE,
  ColumnBatch,
  postgresPosition,
} from '@cdc-demo/cdc-core';
import type {
  CdcError,
  ChangeBatch,
  FieldValue,
  Position,
  Source,
  SourceLagBytes,
  SourceMessage,
  StartFrom,
  TableName,
  TableSchema,
} from '@cdc-demo/cdc-core';
import { keyOf } from '@cdc-demo/cdc-testing';
import type { RecordedChange, RecordedTable, SourceRecord } from '@cdc-demo/cdc-testing';

export const MODEL_TABLE: TableName = { namespace: 'public', name: 'model' };

const schema: TableSchema = {
  table: MODEL_TABLE,
  version: 1,
  fields: [
    { id: 1, name: 'id', type: { kind: 'int', bits: 32 }, nullable: false },
    { id: 2, name: 'name', type: { kind: 'string' }, nullable: true },
    { id: 3, name: 'large', type: { kind: 'string' }, nullable: true },
  ],
  key: [0],
};
const recorded: RecordedTable = { name: 'model', key: 'id', columns: {} };

interface ModelRow {
  readonly id: number;
  readonly name: string | null;
  readonly large: string | null;
}

/** What a client asks for; what cannot be done to the rows as they are does nothing. */
export type Draw =
  | {
      readonly op: 'put';
      readonly id: number;
      readonly name: string | null;
      readonly large: string;
    }
  /** The large value is not sent, as by TOAST. */
  | {
      readonly op: 'rename';
      readonly id: number;
      readonly name: string | null;
      readonly full: boolean;
    }
  | { readonly op: 'move'; readonly id: number; readonly to: number }
  | { readonly op: 'delete'; readonly id: number; readonly full: boolean }
  | { readonly op: 'truncate' };

/** What one draw did. */
interface Done {
  readonly op: 'INSERT' | 'UPDATE' | 'DELETE' | 'TRUNCATE';
  readonly before?: ModelRow;
  readonly after?: ModelRow;
  readonly beforeIs?: 'full' | 'key' | 'not sent';
  readonly largeIsUnchanged?: boolean;
}

interface Committed {
  readonly end: bigint;
  readonly changes: readonly Done[];
}

/** A database of one table in memory: rows, and the log from which sources read. */
export class ModelDatabase implements SourceRecord {
  readonly tables = [recorded];
  readonly #rows = new Map<number, ModelRow>();
  readonly #log: Committed[] = [];
  #end = 100n;
  /** As a slot: what was acknowledged is gone. */
  confirmed: bigint | undefined;

  get end(): bigint {
    return this.#end;
  }

  transaction(draws: readonly Draw[]): void {
    const changes = draws.flatMap((draw) => this.#apply(draw) ?? []);
    this.#end += 10n;
    if (changes.length > 0) this.#log.push({ end: this.#end, changes });
  }

  initial(): ReadonlyMap<string, string> {
    return new Map();
  }

  rows(): Promise<ReadonlyMap<string, string>> {
    const texts = [...this.#rows.values()].map((row) => JSON.stringify(row));
    return Promise.resolve(new Map(texts.map((text) => [keyOf(text, 'id'), text])));
  }

  read(): Promise<readonly RecordedChange[]> {
    const text = (row: ModelRow | undefined): string | null => (row ? JSON.stringify(row) : null);
    return Promise.resolve(
      this.#log.flatMap(({ end, changes }) =>
        changes.map(
          ({ op, before, after }): RecordedChange => ({
            table: recorded.name,
            op,
            before: text(before),
            after: text(after),
            endLsn: end,
          }),
        ),
      ),
    );
  }

  /** The rows as a snapshot gives them. */
  snapshotRows(): ColumnBatch {
    const batch = new ColumnBatch(schema.fields);
    for (const row of this.#rows.values()) batch.appendRow(values(row));
    return batch;
  }

  /** Transactions that end after a position. */
  after(position: bigint): readonly Committed[] {
    if (this.confirmed !== undefined && position < this.confirmed) {
      throw new Error(`The log begins at ${this.confirmed}, not at ${position}`);
    }
    return this.#log.filter(({ end }) => end > position);
  }

  #apply(draw: Draw): Done | undefined {
    if (draw.op === 'truncate') {
      this.#rows.clear();
      return { op: 'TRUNCATE' };
    }
    const before = this.#rows.get(draw.id);
    if (draw.op === 'put') {
      const after = { id: draw.id, name: draw.name, large: draw.large };
      this.#rows.set(draw.id, after);
      return before
        ? { op: 'UPDATE', before, after, beforeIs: 'not sent' }
        : { op: 'INSERT', after };
    }
    if (!before) return undefined;
    switch (draw.op) {
      case 'rename': {
        const after = { ...before, name: draw.name };
        this.#rows.set(draw.id, after);
        const beforeIs = draw.full ? 'full' : 'not sent';
        return { op: 'UPDATE', before, after, beforeIs, largeIsUnchanged: true };
      }
      case 'move': {
        if (draw.to === draw.id || this.#rows.has(draw.to)) return undefined;
        const after = { ...before, id: draw.to };
        this.#rows.delete(draw.id);
        this.#rows.set(draw.to, after);
        return { op: 'UPDATE', before, after, beforeIs: 'key', largeIsUnchanged: true };
      }
      case 'delete':
        this.#rows.delete(draw.id);
        return { op: 'DELETE', before, beforeIs: draw.full ? 'full' : 'key' };
    }
  }
}

/** Reads a `ModelDatabase` as a connector would: the rows, then every transaction since. */
export class ModelSource implements Source {
  readonly #database: ModelDatabase;
  #stop: () => void = () => undefined;
  readonly #stopped = new Promise<void>((resolve) => (this.#stop = resolve));

  constructor(database: ModelDatabase) {
    this.#database = database;
  }

  check(): Promise<readonly CdcError[]> {
    return Promise.resolve([]);
  }

  async *start(from: StartFrom): AsyncGenerator<SourceMessage> {
    const database = this.#database;
    let position = database.end;
    if (from.kind === 'position') position = from.position.lsn;
    const at = postgresPosition(position);
    if (from.kind === 'snapshot') {
      const tables = [{ schema, estimatedRows: 1 }];
      yield { kind: 'snapshot-begin', position: at, tables, run: null, kept: 'none' };
      yield { kind: 'snapshot-rows', schema, unit: 0, rows: database.snapshotRows() };
      yield { kind: 'snapshot-unit-end', schema, unit: 0, finished: null };
      yield { kind: 'snapshot-table-end', table: MODEL_TABLE };
      yield { kind: 'snapshot-end', position: at, settledAt: at };
    } else {
      yield { kind: 'streaming', position: at, tables: [schema] };
    }
    for (const transaction of database.after(position)) {
      yield { kind: 'transactions', group: groupOf(transaction) };
    }
    yield { kind: 'heartbeat', position: postgresPosition(database.end) };
    await this.#stopped;
  }

  acknowledge({ lsn }: Position): Promise<void> {
    const { confirmed = 0n } = this.#database;
    if (lsn > confirmed) this.#database.confirmed = lsn;
    return Promise.resolve();
  }

  resync(): void {
    throw new Error('The model has nothing to resync');
  }

  currentPosition(): Promise<Position> {
    return Promise.resolve(postgresPosition(this.#database.end));
  }

  lag(): Promise<SourceLagBytes> {
    return Promise.resolve({ retainedBytes: 0n, behindBytes: 0n });
  }

  stop(): Promise<void> {
    this.#stop();
    return Promise.resolve();
  }

  drop(): Promise<void> {
    return Promise.resolve();
  }
}

type Group = Extract<SourceMessage, { readonly kind: 'transactions' }>['group'];

function groupOf({ end, changes }: Committed): Group {
  const assembler = new TransactionAssembler();
  assembler.begin({ commit: postgresPosition(end - 1n), committedAtUs: end, id: end });
  const batch = assembler.batchFor(schema);
  for (const done of changes) append(assembler, batch, done);
  assembler.commit(postgresPosition(end));
  const group = assembler.take();
  if (!group) throw new Error('There was no transaction');
  return group;
}

const OPS = { INSERT, UPDATE, DELETE, TRUNCATE } as const;

function append(assembler: TransactionAssembler, batch: ChangeBatch, done: Done): void {
  const { before, after, beforeIs = 'not sent', largeIsUnchanged = false } = done;
  const sent = before && beforeIs !== 'not sent';
  const old = sent ? image(batch, before, beforeIs === 'key' ? [1, 2] : []) : NO_IMAGE;
  const now = after ? image(batch, after, largeIsUnchanged ? [2] : []) : NO_IMAGE;
  const beforeIsFull = beforeIs === 'full';
  assembler.append(batch, OPS[done.op], { before: old, after: now, beforeIsFull });
}

/** Appends a row of which some columns were not sent. */
function image({ images }: ChangeBatch, row: ModelRow, unsent: readonly number[]): number {
  values(row).forEach((value, i) => {
    const column = images.columns[i];
    if (unsent.includes(i)) column?.appendUnchanged();
    else column?.appendValue(value);
  });
  return images.endRow();
}

function values({ id, name, large }: ModelRow): FieldValue[] {
  return [id, name, large];
}
