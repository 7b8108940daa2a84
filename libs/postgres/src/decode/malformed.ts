import { PostgresError } from '../errors.ts';

/** Where hostile or broken bytes were found. */
export interface BytePlace {
  /** The kind of message, as the protocol names it. */
  readonly message: string;
  /** Bytes from the beginning of the message, of the stream for COPY. */
  readonly offset: number;
}

/** The error for bytes that are not what the protocol says. */
export function malformed(place: BytePlace, reason: string, cause?: unknown): PostgresError {
  return new PostgresError(
    'postgres/malformed-message',
    `${place.message} at byte ${place.offset}: ${reason}`,
    { context: { ...place }, ...(cause === undefined ? {} : { cause }) },
  );
}
