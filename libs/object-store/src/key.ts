import { ObjectStoreError } from './errors.ts';

/**
 * Checks a key: `/`-separated segments, none empty, `.` or `..`, without NUL.
 * @throws ObjectStoreError `object-store/invalid-key`
 */
export function assertKey(key: string): void {
  const isBad = (segment: string): boolean =>
    segment === '' || segment === '.' || segment === '..' || segment.includes('\0');
  if (!key.split('/').some(isBad)) return;
  throw new ObjectStoreError(
    'object-store/invalid-key',
    `Not a valid key: ${JSON.stringify(key)}`,
    {
      context: { key },
    },
  );
}

/** Orders keys by their UTF-8 bytes, as object stores do. */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
