import { CdcError } from '@cdc-demo/cdc-core';
import type { ErrorContext, ErrorPolicy } from '@cdc-demo/cdc-core';

export type LocalServerErrorCode =
  /** There is no server package for this operating system. */
  | 'local-servers/unsupported-platform'
  /** The server package is not installed for this machine. */
  | 'local-servers/not-installed'
  /** The data folder is in use by another server, or of another version. */
  | 'local-servers/data-folder'
  /** The server ended before it was ready. */
  | 'local-servers/start-failed';

export const policy = {
  'local-servers/unsupported-platform': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Use Linux or macOS, or give the URL of a server that runs already.',
  },
  'local-servers/not-installed': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Run `npm install` without --omit=optional on this machine.',
  },
  'local-servers/data-folder': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Stop the other server, or choose another data folder.',
  },
  'local-servers/start-failed': {
    retry: 'never',
    kind: 'failed',
    remedy: "Read the server's own lines in the message; choose other settings or a fresh folder.",
  },
} as const satisfies Record<LocalServerErrorCode, ErrorPolicy>;

interface Details {
  readonly context?: ErrorContext;
  readonly cause?: unknown;
  /** Replaces the policy's remedy. */
  readonly remedy?: string;
}

/** What keeps a local server from running. */
export class LocalServerError extends CdcError<LocalServerErrorCode> {
  constructor(code: LocalServerErrorCode, message: string, details: Details = {}) {
    super({ code, message, policy: policy[code], ...details });
  }
}
