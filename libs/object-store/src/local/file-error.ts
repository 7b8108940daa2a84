import { ObjectStoreError } from '../errors.ts';

/** The operating system's code of an error, such as `ENOENT`; recognised by shape, not class. */
function systemCode(error: unknown): string {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  return hasCode ? String(error.code) : 'unknown error';
}

/** Is `error` one of the operating system's `codes`? */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(systemCode(error));
}

/** What the operating system said about `path`, as an error of this library. */
export function fileError(error: unknown, doing: string, path: string): ObjectStoreError {
  const code = systemCode(error);
  const details = { cause: error, context: { path, code } };
  if (hasCode(error, 'EACCES', 'EPERM', 'EROFS')) {
    const message = `No right to ${doing} ${path} (${code})`;
    return new ObjectStoreError('object-store/read-only', message, details);
  }
  if (hasCode(error, 'ENOTDIR', 'EEXIST')) {
    const message = `${path} lies below something that is no folder (${code})`;
    return new ObjectStoreError('object-store/not-a-folder', message, details);
  }
  const message = `Could not ${doing} ${path} (${code})`;
  return new ObjectStoreError('object-store/io', message, details);
}
