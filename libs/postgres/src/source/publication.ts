import { formatTableName } from '@cdc-demo/cdc-core';
import type { TableName } from '@cdc-demo/cdc-core';
import type { Query } from '../catalog/query.ts';
import { textOf } from '../catalog/query.ts';
import { quoteIdentifier, quoteLiteral, quoteTable } from '../connection/quote.ts';
import type { Session } from '../connection/session.ts';
import { PostgresError } from '../errors.ts';

/** A publication as the catalog has it. */
export interface PublicationFacts {
  readonly name: string;
  /** May our role change it? */
  readonly isOwner: boolean;
  /** Which of insert, update, delete and truncate it leaves out. */
  readonly leavesOut: readonly string[];
  readonly settings: readonly PublicationSetting[];
  /** Was it made here? */
  readonly isOurs: boolean;
  readonly tables: readonly TableName[];
}

const SQL = `
select pg_catalog.pg_has_role(p.pubowner, 'USAGE')::text as is_owner,
       p.pubinsert::text as insert, p.pubupdate::text as update,
       p.pubdelete::text as delete, p.pubtruncate::text as truncate,
       p.pubviaroot::text as via_root,
       coalesce(pg_catalog.to_jsonb(p) ->> 'pubgencols' = 's', false)::text as has_generated,
       coalesce(pg_catalog.obj_description(p.oid, 'pg_publication') = $2, false)::text as is_ours,
       (select coalesce(pg_catalog.json_agg(
          pg_catalog.json_build_object('namespace', t.schemaname, 'name', t.tablename)), '[]')
        from pg_catalog.pg_publication_tables t where t.pubname = p.pubname)::text as tables
from pg_catalog.pg_publication p
where p.pubname = $1`;

/** Comment of a publication that we made, and so may drop. */
const OURS = 'Made by cdc-demo';

export const VIA_ROOT = 'publish_via_partition_root = true';
/** From Postgres 18 on. */
export const GENERATED_COLUMNS = 'publish_generated_columns = stored';

export type PublicationSetting = typeof VIA_ROOT | typeof GENERATED_COLUMNS;

const SETTINGS = [
  ['via_root', VIA_ROOT],
  ['has_generated', GENERATED_COLUMNS],
] as const;

/** What a publication without a setting does. */
const WITHOUT: Readonly<Record<PublicationSetting, string>> = {
  [VIA_ROOT]: 'publishes partitions under their own names',
  [GENERATED_COLUMNS]: 'leaves out generated columns',
};

const OPERATIONS = ['insert', 'update', 'delete', 'truncate'] as const;

/** Undefined when there is no such publication. */
export async function readPublication(
  query: Query,
  name: string,
): Promise<PublicationFacts | undefined> {
  const [row] = await query(SQL, [name, OURS]);
  if (!row) return undefined;
  return {
    name,
    isOurs: textOf(row, 'is_ours') === 'true',
    isOwner: textOf(row, 'is_owner') === 'true',
    leavesOut: OPERATIONS.filter((operation) => textOf(row, operation) !== 'true'),
    settings: SETTINGS.filter(([column]) => textOf(row, column) === 'true').map(([, each]) => each),
    tables: JSON.parse(textOf(row, 'tables')) as TableName[],
  };
}

/** What our role may do about publications and tables. */
export interface PublicationRights {
  readonly mayCreate: boolean;
  /** Tables that our role does not own: only their owner can publish them. */
  readonly notOwned: readonly TableName[];
}

/** The statement that makes the publication of exactly these tables. */
export function createPublicationSql({ name, tables, settings }: PublicationPlan): string {
  const options = settings.length > 0 ? ` WITH (${settings.join(', ')})` : '';
  return `CREATE PUBLICATION ${quoteIdentifier(name)} FOR TABLE ${listOf(tables)}${options}`;
}

function settingsSql(name: string, settings: readonly PublicationSetting[]): string {
  return `ALTER PUBLICATION ${quoteIdentifier(name)} SET (${settings.join(', ')})`;
}

function missingSettings(plan: PublicationPlan, found: PublicationFacts): PublicationSetting[] {
  return plan.settings.filter((setting) => !found.settings.includes(setting));
}

function addTablesSql(name: string, tables: readonly TableName[]): string {
  return `ALTER PUBLICATION ${quoteIdentifier(name)} ADD TABLE ${listOf(tables)}`;
}

/** ONLY: the children of a table are tables of their own, and may have no replica identity. */
function listOf(tables: readonly TableName[]): string {
  return tables.map((table) => `ONLY ${quoteTable(table)}`).join(', ');
}

export interface PublicationPlan {
  readonly name: string;
  readonly tables: readonly TableName[];
  /** What it has to do beside what every publication does. */
  readonly settings: readonly PublicationSetting[];
}

/** What a publication of such tables has to do. */
export function publicationSettings(wanted: {
  readonly anyPartitioned: boolean;
  readonly generatedColumns: 'none' | 'stored';
}): PublicationSetting[] {
  const settings: PublicationSetting[] = [];
  // Changes of partitions have to come under the name of their table.
  if (wanted.anyPartitioned) settings.push(VIA_ROOT);
  if (wanted.generatedColumns === 'stored') settings.push(GENERATED_COLUMNS);
  return settings;
}

/** Which of the plan's tables the publication does not have. */
export function missingTables(plan: PublicationPlan, found: PublicationFacts): TableName[] {
  const there = new Set(found.tables.map(formatTableName));
  return plan.tables.filter((table) => !there.has(formatTableName(table)));
}

/** What would keep the publication from being as planned, when our role has these rights. */
export function checkPublication(
  plan: PublicationPlan,
  found: PublicationFacts | undefined,
  rights: PublicationRights,
): PostgresError[] {
  if (!found) {
    if (rights.mayCreate && rights.notOwned.length === 0) return [];
    return [
      new PostgresError('postgres/publication-missing', `${missing(plan)} and may not be made.`, {
        remedy: `Let the owner of the tables run: ${createPublicationSql(plan)};`,
      }),
    ];
  }
  const settings = missingSettings(plan, found);
  if (settings.length > 0 && !(found.isOurs && found.isOwner)) {
    const what = settings.map((setting) => WITHOUT[setting]).join(' and ');
    return [unsuitable(plan, what, settingsSql(plan.name, settings))];
  }
  const suitable = checkSuitable(plan, found);
  const absent = missingTables(plan, found);
  const mayAdd = found.isOwner && rights.notOwned.length === 0;
  return absent.length === 0 || mayAdd ? suitable : [...suitable, notPublished(plan, absent)];
}

/** What about an existing publication would make the destination differ from the source. */
export function checkSuitable(plan: PublicationPlan, found: PublicationFacts): PostgresError[] {
  if (found.leavesOut.length === 0) return [];
  const alter = `ALTER PUBLICATION ${quoteIdentifier(plan.name)}`;
  const sql = `${alter} SET (publish = 'insert, update, delete, truncate')`;
  return [unsuitable(plan, `leaves out: ${found.leavesOut.join(', ')}`, sql)];
}

function unsuitable(plan: PublicationPlan, what: string, sql: string): PostgresError {
  const message = `The publication ${plan.name} ${what}.`;
  return new PostgresError('postgres/publication-unsuitable', message, { remedy: `Run: ${sql};` });
}

export function notPublished(plan: PublicationPlan, tables: readonly TableName[]): PostgresError {
  const names = tables.map(formatTableName).join(', ');
  return new PostgresError(
    'postgres/table-not-published',
    `The publication ${plan.name} lacks ${names}.`,
    {
      context: { publication: plan.name },
      remedy: `Let the owner run: ${addTablesSql(plan.name, tables)};`,
    },
  );
}

function missing(plan: PublicationPlan): string {
  return `The publication ${plan.name} does not exist`;
}

/** Creates the publication or adds tables to it, when it is not as planned. */
export async function ensurePublication(
  session: Session,
  plan: PublicationPlan,
): Promise<'created' | 'extended' | 'as-planned'> {
  const found = await readPublication(session.query, plan.name);
  if (!found) {
    const comment = `COMMENT ON PUBLICATION ${quoteIdentifier(plan.name)} IS ${quoteLiteral(OURS)}`;
    // Two statements of one message are one transaction.
    const sql = `${createPublicationSql(plan)}; ${comment}`;
    await session.command(sql, `create the publication ${plan.name}`);
    return 'created';
  }
  const doing = `extend the publication ${plan.name}`;
  const settings = missingSettings(plan, found);
  if (settings.length > 0) {
    await session.command(settingsSql(plan.name, settings), doing);
    return ensurePublication(session, plan);
  }
  const absent = missingTables(plan, found);
  if (absent.length === 0) return 'as-planned';
  await session.command(addTablesSql(plan.name, absent), doing);
  return 'extended';
}

/**
 * Takes every table out of the publication that is not in the plan, if the publication is one that
 * `ensurePublication` made.
 * @returns the tables that were taken out
 */
export async function shrinkPublication(
  session: Session,
  plan: Pick<PublicationPlan, 'name' | 'tables'>,
): Promise<readonly TableName[]> {
  const found = await readPublication(session.query, plan.name);
  const planned = new Set(plan.tables.map(formatTableName));
  if (!found?.isOurs || !found.isOwner) return [];
  const left = found.tables.filter((table) => !planned.has(formatTableName(table)));
  if (left.length === 0) return [];
  const name = quoteIdentifier(plan.name);
  const sql = `ALTER PUBLICATION ${name} DROP TABLE ${listOf(left)}`;
  await session.command(sql, `take tables out of the publication ${plan.name}`);
  return left;
}

/** Drops the publication if it is one that `ensurePublication` made. */
export async function dropOwnPublication(session: Session, name: string): Promise<void> {
  const found = await readPublication(session.query, name);
  if (!found?.isOurs) return;
  await session.command(
    `DROP PUBLICATION ${quoteIdentifier(name)}`,
    `drop the publication ${name}`,
  );
}
