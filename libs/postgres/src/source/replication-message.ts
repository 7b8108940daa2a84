import { PostgresError } from '../errors.ts';

/** Kinds of the messages inside CopyData (protocol, "Streaming Replication Protocol"). */
const XLOG_DATA = 0x77; // w
const KEEPALIVE = 0x6b; // k
const STANDBY_STATUS_UPDATE = 0x72; // r

/** Bytes before the decoder's own message: kind, start, end of log, time. */
export const XLOG_DATA_HEADER = 25;
const KEEPALIVE_LENGTH = 18;
/** Milliseconds from 1970-01-01 to 2000-01-01, where the server's clock begins. */
const POSTGRES_EPOCH_MS = 946_684_800_000;

/** What the walsender says between changes. */
export interface Keepalive {
  /** Everything that concerns us and lies before it was sent. */
  readonly walEnd: bigint;
  readonly replyRequested: boolean;
}

/**
 * Tells apart what `bytes[start, end)` is: `data`, whose content begins `XLOG_DATA_HEADER` bytes
 * behind `start`, or a keepalive.
 * @throws PostgresError `postgres/malformed-message`
 */
export function readReplicationMessage(
  bytes: Uint8Array,
  start: number,
  end: number,
): 'data' | Keepalive {
  const kind = bytes[start];
  if (kind === XLOG_DATA && end - start >= XLOG_DATA_HEADER) return 'data';
  if (kind !== KEEPALIVE || end - start !== KEEPALIVE_LENGTH) {
    throw new PostgresError(
      'postgres/malformed-message',
      `A replication message of kind ${kind ?? 'none'} has ${end - start} bytes.`,
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, KEEPALIVE_LENGTH);
  return { walEnd: view.getBigUint64(1), replyRequested: view.getUint8(17) === 1 };
}

/** Says that everything before `lsn` is durable here; 0 says nothing and keeps the session up. */
export function standbyStatusUpdate(lsn: bigint, nowMs: number): Uint8Array {
  const bytes = new Uint8Array(34);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, STANDBY_STATUS_UPDATE);
  view.setBigUint64(1, lsn);
  view.setBigUint64(9, lsn);
  view.setBigUint64(17, lsn);
  view.setBigInt64(25, BigInt(Math.round(nowMs) - POSTGRES_EPOCH_MS) * 1000n);
  return bytes;
}
