import type { MessageReader } from './message-reader.ts';

/** A RELATION message: what the rows that follow look like (protocol, "Logical Replication"). */
export interface Relation {
  readonly oid: number;
  readonly namespace: string;
  readonly name: string;
  /** `pg_class.relreplident`: d default, f full, i index, n nothing. */
  readonly replicaIdentity: 'd' | 'f' | 'i' | 'n';
  readonly columns: readonly RelationColumn[];
}

export interface RelationColumn {
  /** Part of the replica identity? */
  readonly isKey: boolean;
  readonly name: string;
  readonly typeOid: number;
  readonly typmod: number;
}

const IDENTITIES = ['d', 'f', 'i', 'n'] as const;

/** @throws PostgresError `postgres/malformed-message` */
export function readRelation(reader: MessageReader): Relation {
  const oid = reader.uint32();
  // The protocol leaves the namespace empty for pg_catalog.
  const namespace = reader.text() || 'pg_catalog';
  const name = reader.text();
  const letter = String.fromCharCode(reader.uint8());
  const replicaIdentity = IDENTITIES.find((identity) => identity === letter);
  if (replicaIdentity === undefined) reader.fail('unknown replica identity');
  const columns = Array.from({ length: reader.uint16() }, () => ({
    isKey: (reader.uint8() & 1) === 1,
    name: reader.text(),
    typeOid: reader.uint32(),
    typmod: reader.int32(),
  }));
  reader.finish();
  return { oid, namespace, name, replicaIdentity, columns };
}
