import { DeltaError } from './errors.ts';
import type { StringMap } from './log/actions.ts';

const DAY_MS = 24 * 3600 * 1000;

const UNIT_MS: Readonly<Record<string, number>> = {
  microsecond: 0.001,
  millisecond: 1,
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: DAY_MS,
  week: 7 * DAY_MS,
};

const TERM = /^(\d+)\s+([a-z]+?)s?$/;

/**
 * How long removed files are kept for readers of older versions, in milliseconds
 * (`delta.deletedFileRetentionDuration`, by default a week).
 * @throws DeltaError `delta/property-invalid`
 */
export function fileRetentionMs(configuration: StringMap): number {
  return intervalMs(configuration, 'delta.deletedFileRetentionDuration', 7 * DAY_MS);
}

/**
 * How long versions are kept in the log, in milliseconds (`delta.logRetentionDuration`, by default
 * 30 days).
 * @throws DeltaError `delta/property-invalid`
 */
export function logRetentionMs(configuration: StringMap): number {
  return intervalMs(configuration, 'delta.logRetentionDuration', 30 * DAY_MS);
}

/** May versions older than that be removed (`delta.enableExpiredLogCleanup`, by default yes)? */
export function isLogCleanedUp(configuration: StringMap): boolean {
  return configuration['delta.enableExpiredLogCleanup']?.toLowerCase() !== 'false';
}

/** `interval 30 days`, `7 days 12 hours`: weeks and shorter, since months differ in length. */
function intervalMs(configuration: StringMap, property: string, byDefault: number): number {
  const text = configuration[property];
  if (text === undefined) return byDefault;
  const plain = text
    .trim()
    .toLowerCase()
    .replace(/^interval\s+/, '');
  const terms = plain.match(/\d+\s+[a-z]+/g) ?? [];
  let ms = 0;
  for (const term of terms) {
    const [, count = '', unit = ''] = TERM.exec(term.replace(/\s+/, ' ')) ?? [];
    ms += Number(count) * (UNIT_MS[unit] ?? Number.NaN);
  }
  const isWhole = plain.replaceAll(/\d+\s+[a-z]+/g, '').trim() === '';
  if (terms.length > 0 && isWhole && !Number.isNaN(ms)) return ms;
  throw new DeltaError('delta/property-invalid', `The table property ${property} is no interval`, {
    context: { property, value: text },
  });
}
