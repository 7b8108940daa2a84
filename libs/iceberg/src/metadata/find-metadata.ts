import { gunzipSync } from 'node:zlib';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import { IcebergError } from '../errors.ts';
import { parseTableMetadata } from './parse-table-metadata.ts';
import type { TableMetadata } from './table-metadata.ts';

const FOLDER = 'metadata/';
/** `v12.metadata.json` of file system tables, `00012-<uuid>.metadata.json` of catalogs. */
const NAME = /^(?:v(\d+)|(\d+)-)[^/]*\.metadata\.json$/;
const COMPRESSED = /\.gz\.metadata\.json$|\.metadata\.json\.gz$/;

/**
 * The key of the metadata file with the greatest number. A catalog knows which one counts; of a
 * table without one it is this (table specification, "File System Tables").
 * @param store whose root is the table's folder
 * @throws IcebergError `iceberg/not-a-table`
 */
export async function newestMetadata(store: ObjectStore): Promise<string> {
  let newest: { readonly key: string; readonly number: number } | undefined;
  for await (const { key } of store.list(FOLDER, { delimiter: '/' })) {
    const [, version, sequence] = NAME.exec(key.slice(FOLDER.length)) ?? [];
    const number = Number(version ?? sequence);
    if (Number.isNaN(number)) continue;
    if (!newest || number >= newest.number) newest = { key, number };
  }
  if (newest) return newest.key;
  throw new IcebergError(
    'iceberg/not-a-table',
    `${store.url} has no metadata of an Iceberg table`,
    {
      context: { url: store.url },
    },
  );
}

/** @throws IcebergError `iceberg/not-a-table`; as `parseTableMetadata` */
export async function readMetadata(store: ObjectStore, key: string): Promise<TableMetadata> {
  const bytes = await store.get(key);
  if (!bytes) {
    throw new IcebergError('iceberg/not-a-table', `There is no metadata file ${store.url}${key}`, {
      context: { url: store.url, key },
    });
  }
  return parseTableMetadata(textOf(bytes, key), key);
}

function textOf(bytes: Uint8Array, key: string): string {
  if (!COMPRESSED.test(key)) return Buffer.from(bytes).toString('utf8');
  try {
    return gunzipSync(bytes).toString('utf8');
  } catch (cause) {
    const message = `The metadata file ${key} is not valid: it does not decompress`;
    throw new IcebergError('iceberg/metadata-invalid', message, { cause });
  }
}
