import { formatTableName } from '@cdc-demo/cdc-core';
import type { PublishedTable } from '../catalog/published-table.ts';
import { PostgresError } from '../errors.ts';
import { FollowedTable } from './followed-table.ts';
import type { NeedsCatalog } from './pgoutput-handler.ts';
import { refusalText } from './relation-plan.ts';
import type { Relation } from './relation.ts';

/** The tables of a stream by OID, and the one whose catalog entry is awaited. */
export class FollowedTables {
  readonly #tables = new Map<number, FollowedTable | 'ignored'>();
  /** Identities under which tables are ignored: partitions have to keep that of their root. */
  readonly #ignored = new Map<number, string>();
  #awaited: NeedsCatalog | undefined;

  /** What `set` or `ignore` has to answer before anything else is decoded. */
  get awaited(): NeedsCatalog | undefined {
    return this.#awaited;
  }

  /** The table whose rows may come, `ignored`, or undefined before its RELATION message. */
  described(oid: number): FollowedTable | 'ignored' | undefined {
    const table = this.#tables.get(oid);
    return table === 'ignored' || table?.isDescribed === true ? table : undefined;
  }

  /** Takes a RELATION message. @throws PostgresError `postgres/schema-change-unsupported` */
  follow(relation: Relation): NeedsCatalog | undefined {
    const table = this.#tables.get(relation.oid);
    if (table === 'ignored') {
      if (this.#ignored.get(relation.oid) === identityOf(relation)) return undefined;
    } else if (table?.follow(relation) === 'followed') return undefined;
    this.#awaited = { kind: 'needs-catalog', reason: table ? 'changed' : 'unknown', relation };
    return this.#awaited;
  }

  /** @throws PostgresError `postgres/schema-change-unsupported` */
  set(table: PublishedTable): void {
    const oid = table.relationOid;
    const awaited = this.#awaited?.relation.oid === oid ? this.#awaited.relation : undefined;
    const known = this.#tables.get(oid);
    if (known instanceof FollowedTable && awaited) known.renew(table, awaited);
    else this.#add(table, awaited);
    if (awaited) this.#awaited = undefined;
  }

  ignore(oid: number): void {
    this.#tables.set(oid, 'ignored');
    if (this.#awaited?.relation.oid !== oid) return;
    this.#ignored.set(oid, identityOf(this.#awaited.relation));
    this.#awaited = undefined;
  }

  #add(table: PublishedTable, relation: Relation | undefined): void {
    const name = formatTableName(table.schema.table);
    for (const other of this.#tables.values()) {
      if (other === 'ignored' || formatTableName(other.schema.table) !== name) continue;
      if (other.table.relationOid !== table.relationOid) {
        throw unsupported(table, 'it was dropped and created anew');
      }
    }
    const added = new FollowedTable(table);
    if (relation && added.follow(relation) === 'needs-catalog') {
      throw unsupported(table, 'the catalog no longer has the columns or the key of the log');
    }
    this.#tables.set(table.relationOid, added);
  }
}

function identityOf({ replicaIdentity, columns }: Relation): string {
  const names = columns.filter(({ isKey }) => isKey).map(({ name }) => name);
  return JSON.stringify([replicaIdentity, ...names]);
}

function unsupported(table: PublishedTable, reason: string): PostgresError {
  return new PostgresError('postgres/schema-change-unsupported', refusalText(table, reason), {
    context: { table: formatTableName(table.schema.table) },
  });
}
