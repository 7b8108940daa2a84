import { ColumnBatch, formatTableName } from '@cdc-demo/cdc-core';
import type { ResyncCursor } from '@cdc-demo/cdc-core';
import type { ColumnSource, PublishedTable } from '../catalog/published-table.ts';
import { quoteIdentifier, quoteLiteral } from '../connection/quote.ts';
import { PostgresError } from '../errors.ts';
import { WireValue } from '../types/wire-value.ts';

/** Types whose values have one order, the same in the server as outside. */
const ORDERED = new Set(['boolean', 'int', 'decimal', 'string', 'uuid', 'binary', 'date', 'time']);
const TEXT_OIDS = [25, 1043];

/** The order in which a resync goes through a table: that of its key, as SQL. */
export class ResyncKey {
  readonly #columns: readonly ColumnSource[];

  /** @throws PostgresError `postgres/resync-unsupported` */
  constructor(table: PublishedTable) {
    const { key } = table.schema;
    this.#columns = key.flatMap((index) => table.columns[index] ?? []);
    const name = formatTableName(table.schema.table);
    if (this.#columns.length === 0) throw unsupported(name, 'it has no key');
    for (const { name: column, codec } of this.#columns) {
      const { kind } = codec.field;
      if (ORDERED.has(kind) || kind === 'timestamp') continue;
      throw unsupported(name, `the values of its key column ${column} have no order`);
    }
  }

  /** Orders rows by the key. */
  get order(): string {
    return this.#columns.map(expression).join(', ');
  }

  /** Selects the key of a row in the server's text form: as JSON array. */
  get asTexts(): string {
    const texts = this.#columns.map(({ name }) => outputText(quoteIdentifier(name)));
    return `pg_catalog.json_build_array(${texts.join(', ')})::text`;
  }

  /** A condition: the key lies behind a bound, or up to and with it. */
  is(comparison: '>' | '<=', bound: readonly string[]): string {
    const values = this.#columns.map((column, i) => literal(column, bound[i] ?? ''));
    return `(${this.order}) ${comparison} (${values.join(', ')})`;
  }

  /** A bound as one row of the key's columns. */
  row(bound: ResyncCursor): ColumnBatch | undefined {
    if (bound === null) return undefined;
    const fields = this.#columns.map(({ name, attnum, codec }) => {
      return { id: attnum, name, type: codec.field, nullable: false };
    });
    const batch = new ColumnBatch(fields, 1);
    this.#columns.forEach(({ codec }, i) => {
      const value = new WireValue();
      const bytes = Buffer.from(bound[i] ?? '');
      value.use(bytes);
      value.end = bytes.length;
      const column = batch.columns[i];
      if (column) codec.text(value, column);
    });
    batch.endRow();
    return batch;
  }
}

/** Strings are ordered by their bytes, whatever their column's type and collation. */
function expression({ name, typeOid, codec }: ColumnSource): string {
  const column = quoteIdentifier(name);
  if (codec.field.kind !== 'string') return column;
  const text = TEXT_OIDS.includes(typeOid) ? column : outputText(column);
  return `${text} COLLATE "C"`;
}

function literal({ codec }: ColumnSource, text: string): string {
  const quoted = quoteLiteral(text);
  return codec.field.kind === 'string' ? `${quoted}::pg_catalog.text COLLATE "C"` : quoted;
}

/** What the output function of the column's type prints, which a cast does not always do. */
function outputText(column: string): string {
  return `pg_catalog.format('%s', ${column})`;
}

function unsupported(table: string, why: string): PostgresError {
  return new PostgresError(
    'postgres/resync-unsupported',
    `The rows of ${table} cannot be read beside the stream: ${why}.`,
    { context: { table } },
  );
}
