import { closeS3 } from './s3-client.ts';

export interface S3Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When they run out; never unless given. */
  readonly expiration?: Date;
}

/** Where an S3 service is, and as whom it is asked; what is left out comes from the environment. */
export interface S3Settings {
  /** URL of a service that is not Amazon's. */
  readonly endpoint?: string;
  readonly region?: string;
  /** `endpoint/bucket/key` in place of `bucket.endpoint/key`; with an endpoint yes unless given. */
  readonly forcePathStyle?: boolean;
  /** A function is asked when a request needs them first, and again before they run out. */
  readonly credentials?: S3Credentials | (() => Promise<S3Credentials>);
}

let read: (connection: S3Connection) => S3Settings;

/** A service and its connections, which are made when they are first needed. */
export class S3Connection {
  readonly #settings: S3Settings;

  static {
    read = (connection) => connection.#settings;
  }

  constructor(settings: S3Settings = {}) {
    this.#settings = settings;
  }

  /** Closes the connections that are kept for later. */
  close(): Promise<void> {
    return closeS3(this);
  }
}

/** Not a property, which would be printed with whatever has the connection. */
export function settingsOf(connection: S3Connection): S3Settings {
  return read(connection);
}
