import { CdcError } from '@cdc-demo/cdc-core';
import type { ErrorContext, ErrorPolicy } from '@cdc-demo/cdc-core';

export type PostgresErrorCode =
  // Connection
  | 'postgres/bad-url'
  | 'postgres/unreachable'
  | 'postgres/tls-failed'
  | 'postgres/authentication-failed'
  | 'postgres/database-missing'
  | 'postgres/connection-lost'
  | 'postgres/server-fault'
  | 'postgres/query-failed'
  // What has to be there before a source can start
  | 'postgres/server-too-old'
  | 'postgres/standby'
  | 'postgres/wal-level'
  | 'postgres/missing-privilege'
  | 'postgres/no-free-slot'
  | 'postgres/no-free-sender'
  | 'postgres/table-missing'
  | 'postgres/table-unsupported'
  | 'postgres/no-primary-key'
  | 'postgres/replica-identity'
  | 'postgres/publication-missing'
  | 'postgres/publication-unsuitable'
  | 'postgres/table-not-published'
  // The slot and the position
  | 'postgres/slot-in-use'
  | 'postgres/slot-lost'
  | 'postgres/slot-ahead'
  | 'postgres/slot-foreign'
  | 'postgres/timeline-or-system-changed'
  // What is read
  | 'postgres/snapshot-disturbed'
  | 'postgres/snapshot-unsettled'
  | 'postgres/schema-change-unsupported'
  | 'postgres/resync-unsupported'
  | 'postgres/transaction-too-large'
  | 'postgres/value-out-of-range'
  | 'postgres/malformed-message';

export const postgresPolicy = {
  'postgres/bad-url': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Write postgresql://user@host:port/database and give the password by reference.',
  },
  'postgres/unreachable': {
    retry: 'backoff',
    kind: 'failed',
    remedy: 'Check host and port, that the server runs, and that no firewall stands between.',
  },
  'postgres/tls-failed': {
    retry: 'never',
    kind: 'configuration',
    remedy:
      'Give the certificate authority in sslrootcert, or choose sslmode: disable, require, verify-ca or verify-full.',
  },
  'postgres/authentication-failed': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Check user and password, and that pg_hba.conf admits this user from this machine.',
  },
  'postgres/database-missing': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Correct the database name at the end of the URL.',
  },
  'postgres/connection-lost': {
    retry: 'backoff',
    kind: 'failed',
    remedy: 'It reconnects by itself; if that lasts, check the network and the log of the server.',
  },
  'postgres/server-fault': {
    retry: 'backoff',
    kind: 'failed',
    remedy: 'It is tried again by itself; if that lasts, see the log of the server.',
  },
  'postgres/query-failed': {
    retry: 'never',
    kind: 'failed',
    remedy: 'Look up the SQLSTATE of the message, and the log of the server.',
  },
  'postgres/server-too-old': {
    retry: 'never',
    kind: 'source-refused',
    remedy: 'Upgrade the server to Postgres 14 or newer.',
  },
  'postgres/standby': {
    retry: 'never',
    kind: 'source-refused',
    remedy: 'Connect to the primary server.',
  },
  'postgres/wal-level': {
    retry: 'never',
    kind: 'source-refused',
    remedy: "Run ALTER SYSTEM SET wal_level = 'logical' as superuser and restart the server.",
  },
  'postgres/missing-privilege': {
    retry: 'never',
    kind: 'source-refused',
    remedy: 'Grant what is missing.',
  },
  'postgres/no-free-slot': {
    retry: 'never',
    kind: 'source-refused',
    remedy: 'Drop slots that nobody uses, or raise max_replication_slots and restart the server.',
  },
  'postgres/no-free-sender': {
    retry: 'never',
    kind: 'source-refused',
    remedy: 'End replication connections that nobody uses, or raise max_wal_senders and restart.',
  },
  'postgres/table-missing': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Correct the table name in the configuration (schema.table, in its exact case).',
  },
  'postgres/table-unsupported': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Name ordinary or partitioned tables; Postgres replicates logged ones only.',
  },
  'postgres/no-primary-key': {
    retry: 'never',
    kind: 'source-refused',
    remedy: 'Add a primary key that is not deferrable, or use append mode.',
  },
  'postgres/replica-identity': {
    retry: 'never',
    kind: 'source-refused',
    remedy: 'Add a primary key, or run ALTER TABLE … REPLICA IDENTITY FULL.',
  },
  'postgres/publication-missing': {
    retry: 'never',
    kind: 'source-refused',
    remedy: 'Let the owner of the tables run CREATE PUBLICATION … FOR TABLE ….',
  },
  'postgres/publication-unsuitable': {
    retry: 'never',
    kind: 'source-refused',
    remedy: "Run ALTER PUBLICATION … SET (publish = 'insert, update, delete, truncate').",
  },
  'postgres/table-not-published': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Add the table with ALTER PUBLICATION … ADD TABLE, or take it out of the configuration',
  },
  'postgres/slot-in-use': {
    retry: 'never',
    kind: 'source-refused',
    remedy: 'Stop the other runner of this pipeline, or start this one with --take-over.',
  },
  'postgres/slot-lost': {
    retry: 'never',
    kind: 'source-refused',
    remedy:
      'Changes are lost for good: raise max_slot_wal_keep_size, remove the destination tables and the state folder, and start anew with a snapshot.',
  },
  'postgres/slot-ahead': {
    retry: 'never',
    kind: 'source-refused',
    remedy:
      'Somebody else advanced the slot, or older progress was restored: remove the destination tables and the state folder, and start anew with a snapshot.',
  },
  'postgres/slot-foreign': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Choose another slot name for this pipeline, or drop that slot.',
  },
  'postgres/timeline-or-system-changed': {
    retry: 'never',
    kind: 'source-refused',
    remedy:
      'Check the URL. If the database was restored or replaced, remove the destination tables and the state folder, and start anew with a snapshot.',
  },
  'postgres/snapshot-disturbed': {
    retry: 'backoff',
    kind: 'failed',
    remedy: 'It starts the snapshot over by itself; keep DDL away from the tables meanwhile.',
  },
  'postgres/resync-unsupported': {
    retry: 'never',
    kind: 'source-refused',
    remedy: 'Follow the table in a pipeline of its own, which begins with a snapshot.',
  },
  'postgres/snapshot-unsettled': {
    retry: 'backoff',
    kind: 'failed',
    remedy: 'It reads the table anew by itself; let the first snapshot run through.',
  },
  'postgres/schema-change-unsupported': {
    retry: 'never',
    kind: 'source-refused',
    remedy: 'Take a new snapshot of the table; only added columns are followed',
  },
  'postgres/transaction-too-large': {
    retry: 'never',
    kind: 'source-refused',
    remedy: 'Give the source a spill space, or raise spillAfterBytes (and memory) and start again.',
  },
  'postgres/value-out-of-range': {
    retry: 'never',
    kind: 'source-refused',
    remedy: 'Correct the value at the source, or set outOfRange: null for a nullable column',
  },
  'postgres/malformed-message': {
    retry: 'never',
    kind: 'failed',
    remedy: 'Check that nothing but Postgres answers at this address, and report the message',
  },
} as const satisfies Record<PostgresErrorCode, ErrorPolicy>;

export interface PostgresErrorDetails {
  readonly context?: ErrorContext;
  readonly cause?: unknown;
  /** Replaces the policy's remedy. */
  readonly remedy?: string;
}

export class PostgresError extends CdcError<PostgresErrorCode> {
  constructor(code: PostgresErrorCode, message: string, details: PostgresErrorDetails = {}) {
    super({ code, message, policy: postgresPolicy[code], ...details });
  }
}
