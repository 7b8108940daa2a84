import type { ObjectStore } from '@cdc-demo/cdc-core';
import { FieldReader } from '@cdc-demo/lake-core';
import { openObjectStore } from '@cdc-demo/object-store';

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

/** Opens the store whose root is a table's location: a URL, or a path of the local file system. */
export type OpenTableStore = (location: string, access: StorageAccess) => ObjectStore;

/** A table's store by its location alone. */
export const openTableStore: OpenTableStore = (location) => openObjectStore(location);

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
