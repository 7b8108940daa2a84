import { ObjectStoreError } from '../errors.ts';
import type { ObjectStoreErrorCode } from '../errors.ts';

/** What the SDK says of an error, as far as it says it. */
interface SdkError {
  readonly name: string;
  readonly message: string;
  /** Of the system, where no answer came: `ECONNREFUSED`. */
  readonly code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number };
}

const CODES: Readonly<Record<string, ObjectStoreErrorCode>> = {
  NoSuchBucket: 'object-store/bucket-missing',
  AccessDenied: 'object-store/access-denied',
  InvalidAccessKeyId: 'object-store/access-denied',
  SignatureDoesNotMatch: 'object-store/access-denied',
  ExpiredToken: 'object-store/access-denied',
  CredentialsProviderError: 'object-store/credentials-missing',
};

/** An error of the service or of the way to it, without anything that is secret. */
export function s3Error(cause: unknown, verb: string, url: string): ObjectStoreError {
  const { name, code: systemCode, $metadata } = asSdkError(cause);
  const status = $metadata?.httpStatusCode;
  const isRefused = status === 401 || status === 403;
  const isUnset = cause instanceof Error && /region is missing/i.test(cause.message);
  const code =
    CODES[name] ??
    (isUnset ? 'object-store/credentials-missing' : undefined) ??
    (isRefused ? 'object-store/access-denied' : 'object-store/unreachable');
  const answer = status === undefined ? (systemCode ?? name) : `${name}, status ${status}`;
  return new ObjectStoreError(code, `Could not ${verb} ${url}: ${answer}`, {
    cause,
    context: { url, error: name, ...(status === undefined ? {} : { status }) },
  });
}

/** Is an error one of these, by its name or its HTTP status? */
export function isS3Error(error: unknown, ...kinds: readonly (string | number)[]): boolean {
  const { name, $metadata } = asSdkError(error);
  return kinds.includes(name) || kinds.includes($metadata?.httpStatusCode ?? 0);
}

/** How often the request was sent. */
export function attemptsOf(error: unknown): number {
  return asSdkError(error).$metadata?.attempts ?? 1;
}

function asSdkError(error: unknown): SdkError {
  return error instanceof Error ? error : { name: 'Error', message: String(error) };
}
