import { formatTableName } from '@cdc-demo/cdc-core';
import type { TableSchema } from '@cdc-demo/cdc-core';
import type { PublishedTable } from '../catalog/published-table.ts';
import { PostgresError } from '../errors.ts';
import type { ValueDecoder } from '../types/column-codec.ts';
import { planRelation, refusalOf, refusalText } from './relation-plan.ts';
import type { Relation } from './relation.ts';

/** A table while its changes are decoded: what is known of it, and how its rows look now. */
export class FollowedTable {
  #table: PublishedTable;
  #relation: Relation | undefined;
  /** What the rows that follow decode to; a new object with a new version when columns come. */
  schema: TableSchema;
  /** Columns that rows have on the wire; the schema's others are not there yet and NULL. */
  wireColumns = 0;
  binary: readonly (ValueDecoder | undefined)[] = [];
  text: readonly ValueDecoder[] = [];
  /** 1 for the columns of the replica identity, 0 for the others. */
  identity = new Uint8Array(0);
  /** 1 for the columns that may be NULL, 0 for the others. */
  nullable = new Uint8Array(0);
  constructor(table: PublishedTable) {
    this.#table = table;
    this.schema = table.schema;
    this.#prepare();
  }

  get table(): PublishedTable {
    return this.#table;
  }

  /** Did a RELATION message come? Rows may not come before. */
  get isDescribed(): boolean {
    return this.#relation !== undefined;
  }

  /**
   * Takes a RELATION message, after which rows look as it says.
   * @returns `needs-catalog` when `renew` has to come first.
   * @throws PostgresError `postgres/schema-change-unsupported`
   */
  follow(relation: Relation): 'followed' | 'needs-catalog' {
    const plan = planRelation(this.#table, relation, this.#relation);
    if (plan.kind === 'refused') throw this.#refusal(plan.reason);
    if (plan.kind === 'needs-catalog') return 'needs-catalog';
    this.#relation = relation;
    this.wireColumns = plan.columns;
    this.identity = Uint8Array.from(relation.columns, ({ isKey }) => (isKey ? 1 : 0));
    return 'followed';
  }

  /**
   * Replaces what is known by a newer state of the catalog, then takes the RELATION message that
   * asked for it.
   * @throws PostgresError `postgres/schema-change-unsupported`
   */
  renew(newer: PublishedTable, relation: Relation): void {
    const refusal = refusalOf(this.#table, newer);
    if (refusal !== undefined) throw this.#refusal(refusal);
    if (newer.columns.length > this.#table.columns.length) {
      this.schema = { ...newer.schema, version: this.schema.version + 1 };
    }
    this.#table = newer;
    this.#prepare();
    if (this.follow(relation) === 'needs-catalog') {
      throw this.#refusal('the catalog no longer has the columns or the key that the log has');
    }
  }

  #prepare(): void {
    const { columns } = this.#table;
    this.text = columns.map(({ codec }) => codec.text);
    this.binary = columns.map(({ codec: { binary } }) =>
      binary === 'text-only' ? undefined : binary,
    );
    this.nullable = Uint8Array.from(this.schema.fields, (field) => (field.nullable ? 1 : 0));
  }

  #refusal(reason: string): PostgresError {
    return new PostgresError(
      'postgres/schema-change-unsupported',
      refusalText(this.#table, reason),
      { context: { table: formatTableName(this.#table.schema.table) } },
    );
  }
}
