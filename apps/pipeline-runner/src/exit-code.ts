import { isCdcError } from '@cdc-demo/cdc-core';
import type { ErrorKind } from '@cdc-demo/cdc-core';

const CODES = {
  failed: 1,
  configuration: 2,
  'source-refused': 3,
  'target-refused': 4,
  fenced: 5,
} as const satisfies Record<ErrorKind, number>;

/** The exit code of a runner that ended with `error`. */
export function exitCode(error: unknown): number {
  return isCdcError(error) ? CODES[error.kind] : CODES.failed;
}
