const DATE = /^([+-]?\d{4,7})-(\d{1,2})-(\d{1,2})$/;
const TIMESTAMP =
  /^([+-]?\d{4,7}-\d{1,2}-\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/;
const MS_PER_DAY = 86_400_000;

/** Days since the epoch of `YYYY-MM-DD`, or undefined when the text is no date. */
export function parseDate(text: string): number | undefined {
  const match = DATE.exec(text);
  if (!match) return undefined;
  const [year, month, day] = match.slice(1).map(Number) as [number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isReal = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isReal ? date.getTime() / MS_PER_DAY : undefined;
}

/**
 * Microseconds since the epoch of `YYYY-MM-DD hh:mm:ss.ffffff`, also with `T`, `Z` or an offset.
 * @param timeZone the zone of a text without one; undefined for timestamps that have none, whose
 * text is taken as it stands
 * @returns undefined when the text is no timestamp
 */
export function parseTimestamp(text: string, timeZone: string | undefined): bigint | undefined {
  const match = TIMESTAMP.exec(text.trim());
  if (!match) return undefined;
  const [, date = '', hour = '0', minute = '0', second = '0', fraction = '', zone] = match;
  const days = parseDate(date);
  if (days === undefined) return undefined;
  const seconds = Number(hour) * 3600 + Number(minute) * 60 + Number(second);
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const localMs = days * MS_PER_DAY + seconds * 1000;
  const micros = BigInt(fraction.padEnd(6, '0').slice(0, 6));
  if (timeZone === undefined) return BigInt(localMs) * 1000n + micros;
  const offsetMs = zone === undefined ? zoneOffsetMs(localMs, timeZone) : writtenOffsetMs(zone);
  return BigInt(localMs - offsetMs) * 1000n + micros;
}

function writtenOffsetMs(zone: string): number {
  if (zone === 'Z' || zone === 'UTC') return 0;
  const sign = zone.startsWith('-') ? -1 : 1;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(-2));
  return sign * (hours * 60 + minutes) * 60_000;
}

/**
 * How far a zone is ahead of UTC when its clocks show `localMs`. Of a time that clocks show twice
 * the first is meant; one that they leave out counts from before they are set, as in Java.
 */
function zoneOffsetMs(localMs: number, timeZone: string): number {
  if (timeZone === 'UTC') return 0;
  const before = offsetAtMs(localMs - MS_PER_DAY, timeZone);
  const after = offsetAtMs(localMs + MS_PER_DAY, timeZone);
  const shown = [before, after].filter((ms) => offsetAtMs(localMs - ms, timeZone) === ms);
  return shown.length === 0 ? before : Math.max(...shown);
}

const formats = new Map<string, Intl.DateTimeFormat>();

function offsetAtMs(instantMs: number, timeZone: string): number {
  let format = formats.get(timeZone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(timeZone, format);
  }
  const parts = Object.fromEntries(
    format.formatToParts(instantMs).map(({ type, value }) => [type, value]),
  );
  const year = Number(parts['year']) * (parts['era'] === 'BC' ? -1 : 1);
  const shown = new Date(0);
  shown.setUTCFullYear(
    year + (parts['era'] === 'BC' ? 1 : 0),
    Number(parts['month']) - 1,
    Number(parts['day']),
  );
  shown.setUTCHours(Number(parts['hour']), Number(parts['minute']), Number(parts['second']));
  return shown.getTime() - Math.floor(instantMs / 1000) * 1000;
}
