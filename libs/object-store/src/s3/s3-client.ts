import type * as Sdk from '@aws-sdk/client-s3';
import { ObjectStoreError } from '../errors.ts';
import { settingsOf } from './s3-connection.ts';
import type { S3Connection } from './s3-connection.ts';

/** The client of a service and the commands that it takes. */
export interface S3 {
  readonly client: Sdk.S3Client;
  readonly sdk: typeof Sdk;
}

/** Attempts of a request, the first one included. */
const MAX_ATTEMPTS = 5;

const opened = new WeakMap<S3Connection, Promise<S3>>();

/**
 * The client of a connection, always the same.
 * @throws ObjectStoreError `object-store/sdk-missing`
 */
export function openS3(connection: S3Connection): Promise<S3> {
  const known = opened.get(connection) ?? connect(connection);
  opened.set(connection, known);
  return known;
}

export async function closeS3(connection: S3Connection): Promise<void> {
  const known = opened.get(connection);
  opened.delete(connection);
  if (known) (await known).client.destroy();
}

async function connect(connection: S3Connection): Promise<S3> {
  const { endpoint, region, credentials, forcePathStyle } = settingsOf(connection);
  const sdk = await loadSdk();
  const client = new sdk.S3Client({
    maxAttempts: MAX_ATTEMPTS,
    forcePathStyle: forcePathStyle ?? (endpoint !== undefined || hasEndpoint(process.env)),
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(credentials === undefined ? {} : { credentials }),
  });
  return { client, sdk };
}

/** Does the environment name a service that is not Amazon's, as the SDK reads it? */
function hasEndpoint({ AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL }: NodeJS.ProcessEnv): boolean {
  return (AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL) !== undefined;
}

async function loadSdk(): Promise<typeof Sdk> {
  try {
    return await import('@aws-sdk/client-s3');
  } catch (cause) {
    const message = 'The package @aws-sdk/client-s3, which S3 needs, is not installed';
    throw new ObjectStoreError('object-store/sdk-missing', message, { cause });
  }
}
