import { isCdcError } from '@cdc-demo/cdc-core';
import { DeltaError } from '../errors.ts';
import type { FileLocation } from '@cdc-demo/lake-core';

/**
 * What `read` gives.
 * @throws DeltaError `delta/file-missing` in place of the store's own error
 */
export async function orMissing<T>(read: Promise<T>, { store, key }: FileLocation): Promise<T> {
  try {
    return await read;
  } catch (cause) {
    if (!isCdcError(cause) || cause.code !== 'object-store/not-found') throw cause;
    throw new DeltaError('delta/file-missing', `The table needs the file ${key}, which is gone`, {
      context: { key, url: store.url },
      cause,
    });
  }
}
