import { quoteIdentifier } from '../connection/quote.ts';
import { PostgresError } from '../errors.ts';
import type { ServerFacts } from './server-facts.ts';

const OLDEST = 140000;
const FAILOVER_SLOTS = 170000;
const PUBLISHED_GENERATED_COLUMNS = 180000;

export interface ServerDemands {
  /** With a slot of ours, the server need not have a free one. */
  readonly slotExists: boolean;
  readonly failover: boolean;
  readonly generatedColumns: 'none' | 'stored';
}

/** What about the server would stop a source. */
export function checkServer(
  facts: ServerFacts,
  { slotExists, failover, generatedColumns }: ServerDemands,
): PostgresError[] {
  const errors: PostgresError[] = [];
  const report = (...args: ConstructorParameters<typeof PostgresError>): void => {
    errors.push(new PostgresError(...args));
  };
  if (facts.version < OLDEST) {
    const found = Math.floor(facts.version / 10000);
    report('postgres/server-too-old', `The server is Postgres ${found}.`);
  }
  if (failover && facts.version < FAILOVER_SLOTS) {
    const found = Math.floor(facts.version / 10000);
    report('postgres/server-too-old', `Postgres ${found} has no slots that survive a failover.`, {
      remedy: 'Upgrade the server to Postgres 17 or newer, or leave out failover: true.',
    });
  }
  if (generatedColumns === 'stored' && facts.version < PUBLISHED_GENERATED_COLUMNS) {
    const found = Math.floor(facts.version / 10000);
    report('postgres/server-too-old', `Postgres ${found} does not publish generated columns.`, {
      remedy: 'Upgrade the server to Postgres 18 or newer, or leave out generatedColumns: stored.',
    });
  }
  if (facts.isStandby) {
    report('postgres/standby', 'The server is a standby: what it shows may go back.');
  }
  if (facts.walLevel !== 'logical') {
    report('postgres/wal-level', `The server runs with wal_level=${facts.walLevel}.`);
  }
  if (!facts.mayReplicate) {
    report('postgres/missing-privilege', `The role ${facts.role} may not replicate.`, {
      remedy: `Run as superuser: ALTER ROLE ${quoteIdentifier(facts.role)} REPLICATION;`,
    });
  }
  if (!slotExists && facts.usedSlots >= facts.maxSlots) {
    const used = `all ${facts.maxSlots} replication slots are taken`;
    report('postgres/no-free-slot', `There is no slot to be had: ${used}.`);
  }
  if (facts.usedSenders >= facts.maxSenders) {
    const used = `all ${facts.maxSenders} WAL senders are busy`;
    report('postgres/no-free-sender', `No replication connection is to be had: ${used}.`);
  }
  return errors;
}
