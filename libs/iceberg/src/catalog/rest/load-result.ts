import { FieldReader, isJsonObject, parseExactJson } from '@cdc-demo/lake-core';
import { IcebergError, orInvalid } from '../../errors.ts';
import { tableMetadata } from '../../metadata/parse-table-metadata.ts';
import type { TableVersion } from '../table-catalog.ts';
import { storageConfig } from './storage-config.ts';

/** A table as a service answers with it (`LoadTableResult`). */
export interface LoadResult {
  readonly version: TableVersion;
  /** How its storage is reached; holds secrets. */
  readonly storage: Readonly<Record<string, string>>;
}

/** @param name of the table, for messages */
export function parseLoadResult(text: string, name: string): LoadResult {
  return orInvalid('iceberg/catalog-answer-invalid', `The answer for ${name} is not valid`, () => {
    const answer = new FieldReader('table', parseExactJson(text));
    const json = answer.json('metadata');
    if (!isJsonObject(json)) throw new TypeError('table.metadata is no object');
    const metadata = tableMetadata(json, `of ${name}`);
    if (metadata.location === '') {
      throw new IcebergError('iceberg/catalog-answer-invalid', `${name} has no location`);
    }
    const location = answer.optionalString('metadata-location') ?? '';
    return {
      version: { json, metadata, version: 0, location },
      storage: storageConfig(answer, metadata.location),
    };
  });
}
