import { formatTableName } from '@cdc-demo/cdc-core';
import type { TableName } from '@cdc-demo/cdc-core';
import { quoteIdentifier, quoteTable } from '../connection/quote.ts';
import { PostgresError } from '../errors.ts';
import type { PostgresErrorCode } from '../errors.ts';
import type { PublishedTable } from '../catalog/published-table.ts';
import { identityMismatch, partitionIdentity } from '../catalog/partition.ts';
import type { Partition, RootIdentity } from '../catalog/partition.ts';
import type { TableFacts } from './table-facts.ts';

const KINDS: Readonly<Record<string, string>> = {
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
  S: 'a sequence',
  i: 'an index',
  c: 'a composite type',
  t: 'a TOAST table',
};

export interface TableDemands {
  readonly role: string;
  /** Does the destination need a key (upsert mode)? */
  readonly requirePrimaryKey: boolean;
}

export function tableMissing(table: TableName): PostgresError {
  const name = formatTableName(table);
  return new PostgresError('postgres/table-missing', `There is no table ${name}.`, {
    context: { table: name },
  });
}

/** What about a table would stop a source, or would harm the applications that write to it. */
export function checkTable(facts: TableFacts, demands: TableDemands): PostgresError[] {
  const unsupported = checkKind(facts);
  if (unsupported) return [unsupported];
  return [
    ...checkRights(facts, demands.role),
    ...(facts.hasRowSecurity ? [rowsHidden(facts, demands.role)] : []),
    ...checkIdentity(facts, demands),
    ...facts.partitions.flatMap((partition) => checkPartition(facts, partition)),
  ];
}

/** Changes of a partition are published under the name of its root, so that it has to fit. */
function checkPartition(facts: TableFacts, partition: Partition): PostgresError[] {
  const name = formatTableName(partition.table);
  if (partition.kind !== 'r' || partition.persistence !== 'p') {
    const what = partition.kind === 'f' ? 'foreign' : 'unlogged';
    const says = `has the ${what} partition ${name}: Postgres does not replicate it`;
    const remedy = 'Detach that partition, or name the others in its place.';
    return [failed(facts, 'postgres/table-unsupported', says, remedy)];
  }
  const root = rootIdentity(facts);
  const mismatch = identityMismatch(root, partition);
  return mismatch === undefined ? [] : [partitionIdentity(partition.table, root, mismatch)];
}

/** @param roots tables that are followed, or that a publication has under their own name */
export function checkPartitionOf(facts: TableFacts, roots: readonly TableName[]): PostgresError[] {
  const root = facts.partitionOf && formatTableName(facts.partitionOf);
  if (root === undefined || !roots.some((each) => formatTableName(each) === root)) return [];
  const what = `is a partition of ${root}, which is published as a whole`;
  const remedy = 'Name the partitioned table, or its partitions, not both.';
  return [failed(facts, 'postgres/table-unsupported', what, remedy)];
}

function rootIdentity({ replicaIdentity, identityColumns, keyColumns }: TableFacts): RootIdentity {
  return {
    replicaIdentity,
    identityColumns: replicaIdentity === 'i' ? identityColumns : keyColumns,
  };
}

function checkKind(facts: TableFacts): PostgresError | undefined {
  const kind = KINDS[facts.kind];
  if (kind !== undefined) return failed(facts, 'postgres/table-unsupported', `is ${kind}`);
  if (facts.persistence === 'p') return undefined;
  const what = facts.persistence === 'u' ? 'is unlogged' : 'is temporary';
  return failed(facts, 'postgres/table-unsupported', `${what}: Postgres does not replicate it`);
}

function checkRights(facts: TableFacts, role: string): PostgresError[] {
  const grants: string[] = [];
  const to = `TO ${quoteIdentifier(role)};`;
  if (!facts.mayUseSchema) {
    grants.push(`GRANT USAGE ON SCHEMA ${quoteIdentifier(facts.table.namespace)} ${to}`);
  }
  if (!facts.maySelect) grants.push(`GRANT SELECT ON ${quoteTable(facts.table)} ${to}`);
  if (grants.length === 0) return [];
  const what = `cannot be read by the role ${role}`;
  return [failed(facts, 'postgres/missing-privilege', what, `Run: ${grants.join(' ')}`)];
}

function rowsHidden(facts: TableFacts, role: string): PostgresError {
  return failed(
    facts,
    'postgres/missing-privilege',
    `has row-level security that would hide rows from the role ${role}`,
    `Run as superuser: ALTER ROLE ${quoteIdentifier(role)} BYPASSRLS;`,
  );
}

/**
 * 1. No key where one is needed: a primary key, or the index that is the replica identity.
 * 2. No identity: once published, the applications' own UPDATE and DELETE would fail.
 */
function checkIdentity(facts: TableFacts, demands: TableDemands): PostgresError[] {
  const { keyColumns, identityColumns, replicaIdentity } = facts;
  const hasIndex = replicaIdentity === 'i' && identityColumns.length > 0;
  if (demands.requirePrimaryKey && keyColumns.length === 0 && !hasIndex) {
    return [failed(facts, 'postgres/no-primary-key', 'has no primary key')]; // 1
  }
  const hasKeyIdentity = replicaIdentity === 'd' && keyColumns.length > 0;
  if (replicaIdentity === 'f' || hasIndex || hasKeyIdentity) return [];
  const what = 'has no replica identity: publishing it would make UPDATE and DELETE fail there';
  const full = `ALTER TABLE ${quoteTable(facts.table)} REPLICA IDENTITY FULL;`;
  return [failed(facts, 'postgres/replica-identity', what, `Add a primary key, or run: ${full}`)]; // 2
}

/** What about the columns that a publication sends would make the destination differ. */
export function checkPublished(
  published: PublishedTable,
  demands: Pick<TableDemands, 'requirePrimaryKey'>,
): PostgresError[] {
  if (!demands.requirePrimaryKey || published.schema.key.length > 0) return [];
  const name = formatTableName(published.schema.table);
  return [
    new PostgresError(
      'postgres/publication-unsuitable',
      `The publication sends ${name} without the columns of its key.`,
      {
        context: { table: name },
        remedy: 'Add the columns to the list that the publication has for the table.',
      },
    ),
  ];
}

function failed(
  facts: TableFacts,
  code: PostgresErrorCode,
  ...[what, remedy]: [what: string, remedy?: string]
): PostgresError {
  const name = formatTableName(facts.table);
  return new PostgresError(code, `The table ${name} ${what}.`, {
    context: { table: name },
    ...(remedy === undefined ? {} : { remedy }),
  });
}
