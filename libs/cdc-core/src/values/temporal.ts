const MICROS_PER_DAY = 86_400_000_000n;
const MS_PER_DAY = 86_400_000;

/**
 * Days since 1970-01-01 as `YYYY-MM-DD`; years outside 0 to 9999 as ISO 8601 with sign and
 * six digits.
 */
export function formatDate(days: number): string {
  const text = new Date(days * MS_PER_DAY).toISOString();
  return text.slice(0, text.indexOf('T'));
}

/** Microseconds since midnight as `HH:MM:SS.ffffff`; 24:00:00 is kept. */
export function formatTime(micros: bigint): string {
  const seconds = micros / 1_000_000n;
  const parts = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n];
  const clock = parts.map((part) => part.toString().padStart(2, '0')).join(':');
  return `${clock}.${(micros % 1_000_000n).toString().padStart(6, '0')}`;
}

/** Microseconds since the epoch as `YYYY-MM-DDTHH:MM:SS.ffffff`, with `Z` in UTC. */
export function formatTimestamp(micros: bigint, zone: 'utc' | 'none'): string {
  let days = micros / MICROS_PER_DAY;
  let rest = micros % MICROS_PER_DAY;
  if (rest < 0n) {
    rest += MICROS_PER_DAY;
    days -= 1n;
  }
  return `${formatDate(Number(days))}T${formatTime(rest)}${zone === 'utc' ? 'Z' : ''}`;
}
