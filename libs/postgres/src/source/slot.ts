import { formatLsn, parseLsn } from '@cdc-demo/cdc-core';
import type { Query } from '../catalog/query.ts';
import { textOf, textOrNull } from '../catalog/query.ts';
import { queryError } from '../connection/connect-error.ts';
import { quoteIdentifier } from '../connection/quote.ts';
import type { Session } from '../connection/session.ts';
import { PostgresError } from '../errors.ts';

/** A replication slot as `pg_replication_slots` has it. */
export interface SlotFacts {
  readonly name: string;
  readonly plugin: string;
  readonly database: string;
  /** Process id of the walsender that uses it. */
  readonly activePid: number | undefined;
  /** Everything before it was confirmed by the consumer. */
  readonly confirmedLsn: bigint | undefined;
  /** `reserved`, `extended`, `unreserved`, `lost`. */
  readonly walStatus: string;
  /** Why the server gave it up, from Postgres 17 on: `wal_removed`, `idle_timeout` and others. */
  readonly invalidationReason: string | undefined;
  /** Is it copied to standbys? Never before Postgres 17. */
  readonly failover: boolean;
}

const SQL = `
select plugin::text as plugin, database::text as database, active_pid::text as active_pid,
       confirmed_flush_lsn::text as confirmed, wal_status as wal_status,
       pg_catalog.to_jsonb(s) ->> 'invalidation_reason' as invalidation_reason,
       coalesce(pg_catalog.to_jsonb(s) ->> 'failover', 'false') as failover
from pg_catalog.pg_replication_slots s
where slot_name = $1`;

/** Undefined when there is no such slot. */
export async function readSlot(query: Query, name: string): Promise<SlotFacts | undefined> {
  const [row] = await query(SQL, [name]);
  if (!row) return undefined;
  const pid = textOrNull(row, 'active_pid');
  const confirmed = textOrNull(row, 'confirmed');
  return {
    name,
    plugin: textOrNull(row, 'plugin') ?? '',
    database: textOrNull(row, 'database') ?? '',
    activePid: pid === null ? undefined : Number(pid),
    confirmedLsn: confirmed === null ? undefined : parseLsn(confirmed),
    walStatus: textOrNull(row, 'wal_status') ?? 'lost',
    invalidationReason: textOrNull(row, 'invalidation_reason') ?? undefined,
    failover: textOf(row, 'failover') === 'true',
  };
}

/** What a slot is to somebody who wants to follow from `position`. */
export type SlotState =
  | { readonly kind: 'missing' }
  /** It belongs to another plugin or database. */
  | { readonly kind: 'foreign' }
  /** The server gave it up, and with it log that it should have held. */
  | { readonly kind: 'lost'; readonly reason: string | undefined }
  /** The server forgot what lies between `position` and `confirmed`. */
  | { readonly kind: 'ahead'; readonly confirmed: bigint }
  | { readonly kind: 'active'; readonly pid: number; readonly confirmed: bigint }
  | { readonly kind: 'ready'; readonly confirmed: bigint };

/** @param position undefined when whatever the slot confirmed is where to begin */
export function slotState(
  slot: SlotFacts | undefined,
  { database, position }: { readonly database: string; readonly position: bigint | undefined },
): SlotState {
  if (!slot) return { kind: 'missing' };
  if (slot.plugin !== 'pgoutput' || slot.database !== database) return { kind: 'foreign' };
  const confirmed = slot.confirmedLsn;
  const reason = slot.invalidationReason;
  if (slot.walStatus === 'lost' || reason !== undefined || confirmed === undefined) {
    return { kind: 'lost', reason };
  }
  if (position !== undefined && confirmed > position) return { kind: 'ahead', confirmed };
  if (slot.activePid !== undefined) return { kind: 'active', pid: slot.activePid, confirmed };
  return { kind: 'ready', confirmed };
}

/** Why a slot in this state cannot be followed. */
export function slotError(
  name: string,
  state: Exclude<SlotState, { kind: 'ready' }>,
  position: bigint | undefined,
): PostgresError {
  const context = { slot: name };
  switch (state.kind) {
    case 'missing':
      return new PostgresError('postgres/slot-lost', `The slot ${name} does not exist any more.`, {
        context,
      });
    case 'foreign':
      return new PostgresError(
        'postgres/slot-foreign',
        `The slot ${name} belongs to another plugin or database.`,
        { context },
      );
    case 'lost':
      return slotLost(name, state.reason);
    case 'ahead': {
      const ours = formatLsn(position ?? 0n);
      const theirs = formatLsn(state.confirmed);
      return new PostgresError(
        'postgres/slot-ahead',
        `The slot ${name} is at ${theirs}, past our position ${ours}: what lies between is gone.`,
        { context },
      );
    }
    case 'active':
      return slotInUse(name, state.pid);
  }
}

const BEGIN_ANEW =
  'Changes are lost for good: remove the destination tables and the state folder, and start anew with a snapshot.';

/** What happened, and what would have kept it from happening, by `invalidation_reason`. */
const INVALIDATIONS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  idle_timeout: [
    'nobody used it for longer than idle_replication_slot_timeout',
    'Raise idle_replication_slot_timeout, or let the pipeline run.',
  ],
  wal_level_insufficient: [
    'wal_level was lowered',
    "Run ALTER SYSTEM SET wal_level = 'logical' and restart the server.",
  ],
  rows_removed: [
    'rows of the catalog that it needs were removed',
    'Set hot_standby_feedback = on on the standby.',
  ],
};

function slotLost(name: string, reason: string | undefined): PostgresError {
  const [what, remedy] = INVALIDATIONS[reason ?? ''] ?? [
    'the log that it needs was removed',
    'Raise max_slot_wal_keep_size.',
  ];
  return new PostgresError('postgres/slot-lost', `The server gave up the slot ${name}: ${what}.`, {
    context: { slot: name, reason: reason ?? 'wal_removed' },
    remedy: `${remedy} ${BEGIN_ANEW}`,
  });
}

export function slotInUse(name: string, pid: number): PostgresError {
  return new PostgresError(
    'postgres/slot-in-use',
    `The slot ${name} is in use by the server process ${pid}.`,
    { context: { slot: name, pid } },
  );
}

/** Where a new slot begins. */
export interface CreatedSlot {
  /** Changes of transactions that commit after it are sent. */
  readonly consistentLsn: bigint;
  /** Shows the tables as of `consistentLsn`; valid until the session runs another command. */
  readonly snapshotName: string;
}

/**
 * Creates a slot, and exports a snapshot with exactly what is committed before it. Waits for the
 * transactions that run.
 * @param session that takes replication commands
 * @param options `failover`: let standbys have a copy; needs Postgres 17
 */
export async function createSlot(
  session: Session,
  name: string,
  { failover }: { readonly failover: boolean } = { failover: false },
): Promise<CreatedSlot> {
  const options = failover ? `(SNAPSHOT 'export', FAILOVER)` : 'EXPORT_SNAPSHOT';
  const [row = {}] = await session.command(
    `CREATE_REPLICATION_SLOT ${quoteIdentifier(name)} LOGICAL pgoutput ${options}`,
    `create the slot ${name}`,
  );
  return {
    consistentLsn: parseLsn(textOf(row, 'consistent_point')),
    snapshotName: textOf(row, 'snapshot_name'),
  };
}

/** Lets standbys have a copy of a slot that nobody uses. */
export async function setFailover(session: Session, name: string): Promise<void> {
  const command = `ALTER_REPLICATION_SLOT ${quoteIdentifier(name)} (FAILOVER true)`;
  await session.command(command, `let standbys have the slot ${name}`);
}

/** Removes the slot if it is there. */
export async function dropSlot(query: Query, name: string): Promise<void> {
  const sql = `
    select pg_catalog.pg_drop_replication_slot(slot_name)::text as dropped
    from pg_catalog.pg_replication_slots where slot_name = $1`;
  try {
    await query(sql, [name]);
  } catch (cause) {
    throw queryError(cause, `drop the slot ${name}`);
  }
}

/** Ends the server process that uses the slot and waits until it is gone, 10 s at most. */
export async function endSlotUser(query: Query, pid: number): Promise<void> {
  const sql = 'select pg_catalog.pg_terminate_backend($1::text::int, 10000)::text as ended';
  await query(sql, [String(pid)]);
}

/** Log that a slot keeps, and log since what it confirmed, in bytes. */
export async function readSlotLag(
  query: Query,
  name: string,
): Promise<{ retainedBytes: bigint; behindBytes: bigint } | undefined> {
  const sql = `
    select (pg_catalog.pg_current_wal_lsn() - restart_lsn)::text as retained,
           (pg_catalog.pg_current_wal_lsn() - confirmed_flush_lsn)::text as behind
    from pg_catalog.pg_replication_slots where slot_name = $1`;
  const [row] = await query(sql, [name]);
  if (!row) return undefined;
  const bytes = (column: string): bigint => {
    const value = BigInt(textOrNull(row, column) ?? '0');
    return value < 0n ? 0n : value;
  };
  return { retainedBytes: bytes('retained'), behindBytes: bytes('behind') };
}

const LONGEST_SLOT_NAME = 63;

/** `cdc_demo_<pipeline>`, in the characters that a slot name may have. */
export function defaultSlotName(pipeline: string): string {
  const name = `cdc_demo_${pipeline.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_')}`;
  return name.slice(0, LONGEST_SLOT_NAME);
}
