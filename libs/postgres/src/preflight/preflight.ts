import type { TableName } from '@cdc-demo/cdc-core';
import { loadPublishedTable } from '../catalog/load-published-table.ts';
import type { Query } from '../catalog/query.ts';
import type { PostgresError } from '../errors.ts';
import {
  VIA_ROOT,
  checkPublication,
  missingTables,
  publicationSettings,
  readPublication,
} from '../source/publication.ts';
import type { PublicationFacts, PublicationPlan } from '../source/publication.ts';
import { readSlot, slotError, slotState } from '../source/slot.ts';
import { checkServer } from './server-checks.ts';
import { readServerFacts } from './server-facts.ts';
import { checkPartitionOf, checkPublished, checkTable, tableMissing } from './table-checks.ts';
import type { TableFacts } from './table-facts.ts';
import { readTableFacts } from './table-facts.ts';

export interface PreflightOptions {
  readonly tables: readonly TableName[];
  readonly publication: string;
  readonly slot: string;
  readonly requirePrimaryKey: boolean;
  /** Shall stored generated columns be published? */
  readonly generatedColumns: 'none' | 'stored';
  /** Shall standbys have a copy of the slot? */
  readonly failover: boolean;
  /** May we make or extend the publication? */
  readonly createPublication: boolean;
}

/**
 * Everything that would stop a source, each with its remedy; empty when nothing would. Reads only.
 * @throws PostgresError when even that is not possible
 */
export async function preflight(query: Query, options: PreflightOptions): Promise<PostgresError[]> {
  const server = await readServerFacts(query);
  const slot = await readSlot(query, options.slot);
  const errors = checkServer(server, {
    slotExists: slot !== undefined,
    failover: options.failover,
    generatedColumns: options.generatedColumns,
  });
  const state = slotState(slot, { database: server.database, position: undefined });
  if (state.kind === 'foreign') errors.push(slotError(options.slot, state, undefined));
  const found: TableFacts[] = [];
  for (const table of options.tables) {
    const facts = await readTableFacts(query, table);
    if (facts) found.push(facts);
    const demands = { role: server.role, requirePrimaryKey: options.requirePrimaryKey };
    errors.push(...(facts ? checkTable(facts, demands) : [tableMissing(table)]));
  }
  const publication = await readPublication(query, options.publication);
  const roots = [
    ...options.tables,
    ...(publication?.settings.includes(VIA_ROOT) ? publication.tables : []),
  ];
  errors.push(...found.flatMap((facts) => checkPartitionOf(facts, roots)));
  const rights = {
    mayCreate: options.createPublication && server.mayCreate,
    notOwned: found.filter((facts) => !facts.isOwner).map((facts) => facts.table),
  };
  const plan = {
    name: options.publication,
    tables: found.map((facts) => facts.table),
    settings: publicationSettings({
      anyPartitioned: found.some(({ kind }) => kind === 'p'),
      generatedColumns: options.generatedColumns,
    }),
  };
  if (plan.tables.length === 0) return errors;
  errors.push(...checkPublication(plan, publication, rights));
  if (publication) errors.push(...(await checkColumns(query, { plan, publication, options })));
  return errors;
}

/** Looks at what the publication sends of the tables that it has already. */
async function checkColumns(
  query: Query,
  parts: { plan: PublicationPlan; publication: PublicationFacts; options: PreflightOptions },
): Promise<PostgresError[]> {
  const { plan, publication, options } = parts;
  const absent = missingTables(plan, publication);
  const errors: PostgresError[] = [];
  for (const table of plan.tables) {
    if (absent.includes(table)) continue;
    const published = await loadPublishedTable(query, plan.name, table);
    errors.push(...checkPublished(published, options));
  }
  return errors;
}
