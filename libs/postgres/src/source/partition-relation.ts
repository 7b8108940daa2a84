import { identityMismatch, partitionIdentity, readPartitionRoot } from '../catalog/partition.ts';
import type { PublishedTable } from '../catalog/published-table.ts';
import type { Query } from '../catalog/query.ts';
import type { Relation } from '../decode/relation.ts';

/**
 * Makes sure that a relation of the stream, when it is a partition of a table that is followed, can
 * be told under that table's name.
 * @throws PostgresError `postgres/replica-identity`
 */
export async function checkPartition(
  query: Query,
  relation: Relation,
  roots: readonly PublishedTable[],
): Promise<void> {
  const oid = await readPartitionRoot(query, relation.oid);
  const root = roots.find(({ relationOid }) => relationOid === oid);
  if (!root) return;
  const { fields, key } = root.schema;
  const identity = {
    replicaIdentity: root.replicaIdentity === 'full' ? 'f' : 'd',
    identityColumns: fields.filter((_, i) => key.includes(i)).map(({ name }) => name),
  };
  const { replicaIdentity, columns } = relation;
  const identityColumns = columns.filter(({ isKey }) => isKey).map(({ name }) => name);
  const mismatch = identityMismatch(identity, { replicaIdentity, identityColumns });
  if (mismatch !== undefined) throw partitionIdentity(relation, identity, mismatch);
}
