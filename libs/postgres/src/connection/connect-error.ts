import { PostgresError } from '../errors.ts';
import type { PostgresErrorCode } from '../errors.ts';
import { describeTarget } from './connection-target.ts';
import type { ConnectionTarget } from './connection-target.ts';

/** Fields of a server's ErrorResponse, or of an error of the operating system or of TLS. */
interface Cause {
  readonly code: string;
  readonly message: string;
  readonly detail: string;
}

/** SQLSTATEs by their meaning (Postgres, "PostgreSQL Error Codes"). */
const BY_SQLSTATE: Readonly<Record<string, PostgresErrorCode>> = {
  '28P01': 'postgres/authentication-failed',
  '28000': 'postgres/authentication-failed',
  '3D000': 'postgres/database-missing',
  '42501': 'postgres/missing-privilege',
  '42P01': 'postgres/table-missing',
  '42704': 'postgres/publication-missing',
  '22021': 'postgres/value-out-of-range',
  '22P05': 'postgres/value-out-of-range',
  '53300': 'postgres/unreachable',
  '57P03': 'postgres/unreachable',
  '57P01': 'postgres/connection-lost',
  '57P02': 'postgres/connection-lost',
  '57P05': 'postgres/connection-lost',
  '08006': 'postgres/connection-lost',
  '55006': 'postgres/slot-in-use',
  // Out of disk or memory, an error of input or output, and what the server calls internal: some
  // versions now and then fail to decode beside a TRUNCATE, and succeed the next time.
  '53100': 'postgres/server-fault',
  '53200': 'postgres/server-fault',
  '58030': 'postgres/server-fault',
  XX000: 'postgres/server-fault',
};

const BY_ERRNO: Readonly<Record<string, PostgresErrorCode>> = {
  ECONNREFUSED: 'postgres/unreachable',
  ENOTFOUND: 'postgres/unreachable',
  EAI_AGAIN: 'postgres/unreachable',
  EHOSTUNREACH: 'postgres/unreachable',
  ENETUNREACH: 'postgres/unreachable',
  ETIMEDOUT: 'postgres/unreachable',
  ENOENT: 'postgres/unreachable',
  EACCES: 'postgres/unreachable',
};

const LOST_CONNECTION = /Connection terminated|ECONNRESET|EPIPE|socket hang up|not queryable/;
const TLS = /SSL|TLS|certificate|altnames|self.signed|ERR_TLS|UNABLE_TO|CERT_/i;
const WRONG_PASSWORD = /SASL|SCRAM|password/i;

/** What an error while connecting means. Never contains the password. */
export function connectError(cause: unknown, target: ConnectionTarget): PostgresError {
  const found = describeCause(cause);
  const code = connectCode(found);
  return new PostgresError(code, `Cannot connect to ${describeTarget(target)}: ${found.message}`, {
    cause,
    context: { host: target.host, port: target.port, database: target.database },
    ...connectRemedy(found),
  });
}

/**
 * What an error of a statement means.
 * @param doing what failed, as in `Cannot <doing>: …`
 */
export function queryError(cause: unknown, doing: string): PostgresError {
  if (cause instanceof PostgresError) return cause;
  const found = describeCause(cause);
  const code = BY_SQLSTATE[found.code] ?? (isLost(found) ? LOST : 'postgres/query-failed');
  const state = isSqlState(found.code) ? ` (SQLSTATE ${found.code})` : '';
  return new PostgresError(code, `Cannot ${doing}: ${found.message}${state}`, {
    cause,
    ...(code === 'postgres/value-out-of-range' ? { remedy: NO_UTF8 } : {}),
  });
}

const LOST = 'postgres/connection-lost';
const NO_UTF8 =
  'Correct that text at the source: it has no form in UTF-8. A database in SQL_ASCII takes any bytes.';

/** The SQLSTATE of a server's error, or the empty string. */
export function sqlState(error: unknown): string {
  if (error instanceof PostgresError) return sqlState(error.cause);
  const { code } = describeCause(error);
  return isSqlState(code) ? code : '';
}

/** Five digits and capitals; without a digit it is an error of the operating system (EPIPE). */
function isSqlState(code: string): boolean {
  return /^(?=.*\d)[0-9A-Z]{5}$/.test(code);
}

function connectCode(found: Cause): PostgresErrorCode {
  // An unknown session setting: only servers before 14 lack one of ours.
  if (found.code === '42704') return 'postgres/server-too-old';
  const known = BY_SQLSTATE[found.code] ?? BY_ERRNO[found.code];
  if (known) return known;
  if (/timeout expired|connect timeout/i.test(found.message)) return 'postgres/unreachable';
  if (isLost(found)) return 'postgres/unreachable';
  if (TLS.test(found.code) || TLS.test(found.message)) return 'postgres/tls-failed';
  if (WRONG_PASSWORD.test(found.message)) return 'postgres/authentication-failed';
  return 'postgres/unreachable';
}

function isLost(found: Cause): boolean {
  return (
    found.code === 'ECONNRESET' || found.code === 'EPIPE' || LOST_CONNECTION.test(found.message)
  );
}

function connectRemedy(found: Cause): { remedy?: string } {
  switch (found.code) {
    case '53300':
      return { remedy: 'End sessions that nobody uses, or raise max_connections and restart.' };
    case '57P03':
      return { remedy: 'The server starts or stops; it is tried again by itself.' };
    default:
      return {};
  }
}

function describeCause(cause: unknown): Cause {
  if (cause instanceof AggregateError && cause.message === '') {
    return describeCause(cause.errors[0]);
  }
  const { code, message, detail } = (cause ?? {}) as Partial<Record<keyof Cause, unknown>>;
  return {
    code: typeof code === 'string' ? code : '',
    message: typeof message === 'string' && message !== '' ? message : 'the connection broke',
    detail: typeof detail === 'string' ? detail : '',
  };
}
