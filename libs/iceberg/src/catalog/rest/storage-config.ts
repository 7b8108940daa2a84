import type { ObjectStore } from '@cdc-demo/cdc-core';
import { FieldReader } from '@cdc-demo/lake-core';
import { S3Connection } from '@cdc-demo/object-store';
import type { S3Credentials } from '@cdc-demo/object-store';
import { IcebergError } from '../../errors.ts';

/** How a table's storage is reached, by what its catalog says. */
export interface StorageAccess {
  /**
   * Of the service, by the names of Iceberg's clients: `s3.endpoint`, `s3.access-key-id`, … Holds
   * secrets.
   */
  readonly config: Readonly<Record<string, string>>;
  /** The same anew: what was vended runs out. */
  refresh(): Promise<Readonly<Record<string, string>>>;
}

/**
 * Opens the store whose root is a table's location: a URL, or a path of the local file system.
 * @param s3 what the catalog says of the S3 service; the environment says it all unless given
 */
export type OpenTableStore = (location: string, s3?: S3Connection) => ObjectStore;

const ACCESS_KEY_ID = 's3.access-key-id';
const SECRET_ACCESS_KEY = 's3.secret-access-key';

/** The S3 service that a catalog names; undefined where it says nothing of one. */
export function s3Connection(access: StorageAccess): S3Connection | undefined {
  const { config } = access;
  const endpoint = config['s3.endpoint'];
  const region = config['client.region'] ?? config['s3.region'];
  const pathStyle = config['s3.path-style-access'];
  const hasCredentials = vendedCredentials(config) !== undefined;
  if (endpoint === undefined && region === undefined && !hasCredentials) return undefined;
  let known: typeof config | undefined = config;
  const credentials = async (): Promise<S3Credentials> => {
    const vended = vendedCredentials(known ?? (await access.refresh()));
    known = undefined;
    if (vended) return vended;
    const message = 'The catalog vends no credentials for the storage of a table any more';
    throw new IcebergError('iceberg/catalog-unauthorized', message);
  };
  return new S3Connection({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(pathStyle === undefined ? {} : { forcePathStyle: pathStyle === 'true' }),
    ...(hasCredentials ? { credentials } : {}),
  });
}

function vendedCredentials(config: StorageAccess['config']): S3Credentials | undefined {
  const accessKeyId = config[ACCESS_KEY_ID];
  const secretAccessKey = config[SECRET_ACCESS_KEY];
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  const sessionToken = config['s3.session-token'];
  const untilMs = Number(config['s3.session-token-expires-at-ms'] ?? Number.NaN);
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    ...(Number.isNaN(untilMs) ? {} : { expiration: new Date(untilMs) }),
  };
}

/** Locations are no encoded URLs: in local ones `%` stands for itself, as in a path. */
export function storeLocation(location: string): string {
  return location.replace(/^file:\/*(?=\/)/i, '');
}

/**
 * The settings for a location: `config`, and over it the credentials for the longest prefix of the
 * location that there are any for (REST catalog specification, "Storage Credentials").
 */
export function storageConfig(
  answer: FieldReader,
  location: string,
): Readonly<Record<string, string>> {
  const credentials = (answer.optionalList('storage-credentials') ?? [])
    .map((json) => new FieldReader('storage credential', json))
    .filter((each) => location.startsWith(each.string('prefix')))
    .toSorted((a, b) => a.string('prefix').length - b.string('prefix').length);
  return {
    ...answer.optionalMap('config'),
    ...credentials.at(-1)?.optionalMap('config'),
  };
}
