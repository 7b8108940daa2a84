/** Whose matter an error is; decides the exit code of a runner and who gets called. */
export type ErrorKind = 'configuration' | 'source-refused' | 'target-refused' | 'fenced' | 'failed';

/** What to do about an error code: by the program (`retry`) and by a person (`remedy`). */
export interface ErrorPolicy {
  /** `backoff`: the same call may succeed later. `never`: it cannot, until somebody acts. */
  readonly retry: 'never' | 'backoff';
  readonly kind: ErrorKind;
  readonly remedy: string;
}

/** Names, sizes and states that explain an error; never row values, never secrets. */
export type ErrorContext = Readonly<Record<string, string | number | bigint | boolean>>;

const BRAND = Symbol.for('@cdc-demo/error');

export interface CdcErrorInit<Code extends string> {
  readonly code: Code;
  /** What happened, to what: one sentence without the remedy. */
  readonly message: string;
  readonly policy: ErrorPolicy;
  /** Replaces the policy's remedy where the case at hand knows better. */
  readonly remedy?: string;
  readonly context?: ErrorContext;
  readonly cause?: unknown;
}

/**
 * The base of every error that a library throws or gives for the world's doings. Each library has
 * one subclass, a literal union of codes, and one policy table. Recognise it by `isCdcError`: more
 * than one copy of this package may be loaded.
 */
export class CdcError<Code extends string = string> extends Error {
  readonly [BRAND] = true;
  readonly code: Code;
  readonly retry: 'never' | 'backoff';
  readonly kind: ErrorKind;
  readonly remedy: string;
  readonly context: ErrorContext;

  constructor(init: CdcErrorInit<Code>) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.name = new.target.name;
    this.code = init.code;
    this.retry = init.policy.retry;
    this.kind = init.policy.kind;
    this.remedy = init.remedy ?? init.policy.remedy;
    this.context = init.context ?? {};
  }
}

export function isCdcError(error: unknown): error is CdcError {
  return typeof error === 'object' && error !== null && BRAND in error;
}

/** One text for people: what happened, then what to do. */
export function explainError(error: unknown): string {
  if (isCdcError(error)) return `${error.message}\n${error.remedy}`;
  return error instanceof Error ? error.message : String(error);
}
