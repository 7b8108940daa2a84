import { geometryCodec } from './bytea.ts';
import type { ColumnCodec } from './column-codec.ts';
import { hstoreCodec } from './hstore.ts';
import { textCodec, versionedStringCodec } from './text.ts';
import { vectorCodec } from './vector.ts';

/** Base types of extensions that have codecs of their own. Their OIDs differ by database. */
export const extensionTypes: readonly {
  readonly extension: string;
  readonly name: string;
  readonly codec: ColumnCodec;
}[] = [
  { extension: 'citext', name: 'citext', codec: textCodec },
  { extension: 'hstore', name: 'hstore', codec: hstoreCodec },
  { extension: 'ltree', name: 'ltree', codec: versionedStringCodec },
  { extension: 'ltree', name: 'lquery', codec: versionedStringCodec },
  { extension: 'ltree', name: 'ltxtquery', codec: versionedStringCodec },
  { extension: 'postgis', name: 'geography', codec: geometryCodec },
  { extension: 'postgis', name: 'geometry', codec: geometryCodec },
  { extension: 'vector', name: 'vector', codec: vectorCodec },
];
