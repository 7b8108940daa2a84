/**
 * A place in a source's history. Positions that are stored are exclusive: everything before them is
 * contained, nothing at or after them is.
 */
export type Position = PostgresPosition;

/** An LSN: 0 to 2^64 − 1. */
export interface PostgresPosition {
  readonly kind: 'postgres';
  readonly lsn: bigint;
}

const TEXT = /^postgres:([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/;

export function postgresPosition(lsn: bigint): PostgresPosition {
  return { kind: 'postgres', lsn };
}

/** The one canonical text, `postgres:16/B374D848`. */
export function formatPosition(position: Position): string {
  return `postgres:${formatLsn(position.lsn)}`;
}

/** @throws SyntaxError when `text` is not what `formatPosition` writes. */
export function parsePosition(text: string): Position {
  const match = TEXT.exec(text);
  if (!match) throw new SyntaxError(`Not a position: ${JSON.stringify(text.slice(0, 64))}`);
  return postgresPosition(parseLsn(`${match[1] ?? ''}/${match[2] ?? ''}`));
}

/** Negative, 0 or positive as `a` is before, at or after `b`. */
export function comparePositions(a: Position, b: Position): number {
  return a.lsn < b.lsn ? -1 : a.lsn > b.lsn ? 1 : 0;
}

/** An LSN as Postgres prints it: `16/B374D848`. */
export function formatLsn(lsn: bigint): string {
  const high = (lsn >> 32n).toString(16).toUpperCase();
  return `${high}/${(lsn & 0xffffffffn).toString(16).toUpperCase()}`;
}

/** @throws SyntaxError when `text` is not two hexadecimal halves with a slash between. */
export function parseLsn(text: string): bigint {
  const [high = '', low = '', ...rest] = text.split('/');
  const isHalf = (half: string): boolean => /^[0-9A-Fa-f]{1,8}$/.test(half);
  if (rest.length > 0 || !isHalf(high) || !isHalf(low)) {
    throw new SyntaxError(`Not an LSN: ${JSON.stringify(text.slice(0, 64))}`);
  }
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`);
}
