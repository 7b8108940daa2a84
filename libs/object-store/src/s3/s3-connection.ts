import type * as Sdk from '@aws-sdk/client-s3';
import { ObjectStoreError } from '../errors.ts';

/** Where an S3 service is, and as whom it is asked; what is left out comes from the environment. */
export interface S3Settings {
  /** URL of a service that is not Amazon's. */
  readonly endpoint?: string;
  readonly region?: string;
  /** `endpoint/bucket/key` in place of `bucket.endpoint/key`; with an endpoint yes unless given. */
  readonly forcePathStyle?: boolean;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
}

export type S3Module = typeof Sdk;

/** The client of a service and the commands that it takes. */
export interface S3 {
  readonly client: Sdk.S3Client;
  readonly sdk: S3Module;
}

/** Attempts of a request, the first one included. */
const MAX_ATTEMPTS = 5;

/** A service and its connections, which are made when they are first needed. */
export class S3Connection {
  readonly #settings: S3Settings;
  #opened: Promise<S3> | undefined;

  constructor(settings: S3Settings = {}) {
    this.#settings = settings;
  }

  /** @throws ObjectStoreError `object-store/sdk-missing` */
  open(): Promise<S3> {
    this.#opened ??= this.#connect();
    return this.#opened;
  }

  /** Closes the connections that are kept for later. */
  async close(): Promise<void> {
    const opened = this.#opened;
    this.#opened = undefined;
    if (opened) (await opened).client.destroy();
  }

  async #connect(): Promise<S3> {
    const { endpoint, region, credentials } = this.#settings;
    const { forcePathStyle = endpoint !== undefined } = this.#settings;
    const sdk = await loadSdk();
    const client = new sdk.S3Client({
      maxAttempts: MAX_ATTEMPTS,
      forcePathStyle,
      ...(endpoint === undefined ? {} : { endpoint }),
      ...(region === undefined ? {} : { region }),
      ...(credentials === undefined ? {} : { credentials }),
    });
    return { client, sdk };
  }
}

async function loadSdk(): Promise<S3Module> {
  try {
    return await import('@aws-sdk/client-s3');
  } catch (cause) {
    const message = 'The package @aws-sdk/client-s3, which S3 needs, is not installed';
    throw new ObjectStoreError('object-store/sdk-missing', message, { cause });
  }
}
