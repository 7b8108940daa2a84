export type TableFormat = 'delta' | 'iceberg';

/** Rows of a table at a version (default: the newest). */
export interface RowsRequest {
  readonly op: 'rows';
  /** Folder of the table. */
  readonly table: string;
  /** `delta` by default. */
  readonly format?: TableFormat;
  /** Of an Iceberg table the id of a snapshot. */
  readonly version?: number | bigint;
  /** Of an Iceberg table the name of a branch or tag. Spark only. */
  readonly ref?: string;
  /** SQL condition that the engine may use to skip files by their statistics. */
  readonly where?: string;
  /** Only these columns, in this order. chDB needs it where a column is nested, see README.md. */
  readonly columns?: readonly string[];
}

/**
 * Change rows of the versions `from` to `to`, both included; of an Iceberg table (Spark only) those
 * of the snapshots after `from` (0: from the beginning) up to `to`.
 */
export interface ChangesRequest {
  readonly op: 'changes';
  /** Folder of the table. */
  readonly table: string;
  /** `delta` by default. */
  readonly format?: TableFormat;
  /** Columns of an Iceberg table that tell rows apart; with them updates are told as such. */
  readonly identifier?: readonly string[];
  readonly from: number | bigint;
  readonly to: number | bigint;
  /** Only these columns, in this order; `_change_type` and the like have to be named too. */
  readonly columns?: readonly string[];
}

/**
 * A step that changes a table, as the engine's module documents it: for Spark an SQL statement in
 * which `{table}` stands for the table (of an Iceberg table also `{catalog}` and `{name}`), for
 * delta-rs an object.
 */
export type WriteStep = string | Readonly<Record<string, unknown>>;

export type ReadRequest = RowsRequest | ChangesRequest;

/** A request without its id, as judge.py documents it. */
export type WireRequest =
  | (ReadRequest & { readonly out: string })
  | { readonly op: 'versions'; readonly table: string }
  | { readonly op: 'memory' }
  | {
      readonly op: 'write';
      readonly table: string;
      readonly format: TableFormat;
      readonly steps: readonly WriteStep[];
    };

/** What a judge sends, one JSON line each. */
export type WireMessage =
  | { readonly ready: true; readonly engine: string; readonly version: string }
  | WireAnswer;

export type WireAnswer =
  | {
      readonly id: number;
      readonly ok: true;
      readonly rows?: number;
      readonly versions?: readonly number[];
      readonly residentBytes?: number;
      readonly peakBytes?: number;
    }
  | {
      readonly id: number;
      readonly ok: false;
      readonly kind: 'unsupported' | 'engine';
      readonly error: string;
    };

/** One line of JSON; a bigint is a JSON number, or a string where that may not hold it. */
export function encodeRequest(id: number, request: WireRequest): string {
  const line: unknown = { id, ...request };
  const plain = (_key: string, value: unknown) =>
    typeof value === 'bigint' ? exact(value) : value;
  return `${JSON.stringify(line, plain)}\n`;
}

function exact(value: bigint): number | string {
  return value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value);
}

/** Cuts text that arrives in pieces into lines, at LF only (U+2028 is no line end in JSON). */
export class LineCutter {
  #rest = '';

  /** The lines that `text` completes, in order, without their ends. */
  push(text: string): string[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    return lines;
  }
}
