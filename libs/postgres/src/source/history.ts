import { formatLsn, parseLsn } from '@cdc-demo/cdc-core';
import type { StartFrom } from '@cdc-demo/cdc-core';
import type { Query } from '../catalog/query.ts';
import { textOf } from '../catalog/query.ts';
import type { Session } from '../connection/session.ts';
import { PostgresError } from '../errors.ts';

const SQL = `
select system_identifier::text as system,
       pg_catalog.substr(pg_catalog.pg_walfile_name(pg_catalog.pg_current_wal_lsn()), 1, 8)
         as timeline,
       pg_catalog.pg_current_wal_insert_lsn()::text as insert_lsn
from pg_catalog.pg_control_system()`;

/** System identifier and timeline: what LSNs of this server mean something in. */
export async function readHistory(query: Query): Promise<string> {
  const [row = {}] = await query(SQL, []);
  return `${textOf(row, 'system')}/${textOf(row, 'timeline')}`;
}

/** Opens a session that takes replication commands. */
export type OpenReplication = () => Promise<Session>;

/**
 * Makes sure that positions belong to what this server's log holds: the log of the same system, on
 * the same timeline, or on one that left ours behind them (a standby that was promoted).
 * @throws PostgresError `postgres/timeline-or-system-changed`
 */
export async function checkHistory(
  query: Query,
  from: StartFrom,
  openReplication: OpenReplication,
): Promise<void> {
  if (from.kind !== 'position') return;
  const { history = '', position } = from;
  const furthest = from.furthest?.lsn ?? position.lsn;
  const [row = {}] = await query(SQL, []);
  const found = `${textOf(row, 'system')}/${textOf(row, 'timeline')}`;
  const insertLsn = parseLsn(textOf(row, 'insert_lsn'));
  if (furthest > insertLsn) {
    const [ours, theirs] = [formatLsn(furthest), formatLsn(insertLsn)];
    throw changed(`The server's log ends at ${theirs}, before our position ${ours}.`);
  }
  if (history === '' || history === found) return;
  const [system, timeline = ''] = history.split('/');
  const differs = `The server is ${found} (system/timeline); our position belongs to ${history}.`;
  if (system !== textOf(row, 'system')) throw changed(differs);
  const left = await leftTimelineAt(openReplication, textOf(row, 'timeline'), timeline);
  if (left === undefined) throw changed(differs);
  if (furthest <= left) return;
  const [ours, theirs] = [formatLsn(furthest), formatLsn(left)];
  throw changed(`${differs} It left our timeline at ${theirs}, before our position ${ours}.`);
}

/** Where the history of the server's timeline left another one; undefined if it never was there. */
async function leftTimelineAt(
  openReplication: OpenReplication,
  present: string,
  former: string,
): Promise<bigint | undefined> {
  await using session = await openReplication();
  const command = `TIMELINE_HISTORY ${parseInt(present, 16)}`;
  const [row = {}] = await session.command(command, 'read the history of the timeline');
  return switchPoint(textOf(row, 'content'), parseInt(former, 16));
}

/** Reads a timeline history file: lines of timeline, LSN where it was left, and a reason. */
export function switchPoint(content: string, timeline: number): bigint | undefined {
  for (const line of content.split('\n')) {
    const [id, lsn] = line.trim().split(/\s+/);
    if (lsn !== undefined && Number(id) === timeline) return parseLsn(lsn);
  }
  return undefined;
}

function changed(message: string): PostgresError {
  return new PostgresError('postgres/timeline-or-system-changed', message);
}
