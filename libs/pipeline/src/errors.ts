import { CdcError } from '@cdc-demo/cdc-core';
import type { ErrorContext, ErrorPolicy } from '@cdc-demo/cdc-core';

export type PipelineErrorCode =
  | 'pipeline/fenced'
  | 'pipeline/progress-unreadable'
  | 'pipeline/position-missing'
  | 'pipeline/table-exists'
  | 'pipeline/conflict'
  | 'pipeline/source-log-limit'
  | 'pipeline/no-cut'
  | 'pipeline/configuration';

export const pipelinePolicy = {
  'pipeline/fenced': {
    retry: 'never',
    kind: 'fenced',
    remedy: 'Another runner took this pipeline over. Stop it, then start this one with --take-over',
  },
  'pipeline/progress-unreadable': {
    retry: 'never',
    kind: 'target-refused',
    remedy:
      'Restore the newest file of the progress folder from a backup, or remove it to go on from the record before',
  },
  'pipeline/position-missing': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Remove the tables without rows of this pipeline, or configure snapshot: always',
  },
  'pipeline/table-exists': {
    retry: 'never',
    kind: 'target-refused',
    remedy: 'Remove the destination table, or choose another location',
  },
  'pipeline/conflict': {
    retry: 'backoff',
    kind: 'failed',
    remedy: 'Somebody else writes this table; let one writer have it',
  },
  'pipeline/no-cut': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Choose a later position or time; run the pipeline first if it has not run yet',
  },
  'pipeline/source-log-limit': {
    retry: 'never',
    kind: 'source-refused',
    remedy:
      'Mend what keeps the pipeline from committing, or raise maxRetainedBytes; until it goes on, the slot keeps the log of the source',
  },
  'pipeline/configuration': {
    retry: 'never',
    kind: 'configuration',
    remedy: 'Correct the configuration file',
  },
} as const satisfies Record<PipelineErrorCode, ErrorPolicy>;

export class PipelineError extends CdcError<PipelineErrorCode> {
  constructor(
    code: PipelineErrorCode,
    message: string,
    details: {
      readonly context?: ErrorContext;
      readonly cause?: unknown;
      readonly remedy?: string;
    } = {},
  ) {
    super({ code, message, policy: pipelinePolicy[code], ...details });
  }
}
