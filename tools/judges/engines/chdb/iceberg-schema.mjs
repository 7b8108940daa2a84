import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const NAME = /^v(\d+)\.metadata\.json$/;
const TYPES = {
  int: 'integer',
  timestamptz: 'timestamp',
  timestamp: 'timestamp_ntz',
  uuid: 'string',
};

/**
 * The columns of an Iceberg table in a folder, in the words of Delta's schemas: those of a snapshot,
 * or of the newest metadata.
 */
export function icebergSchema(table, snapshotId) {
  const folder = join(table, 'metadata');
  const versions = readdirSync(folder).flatMap((name) => NAME.exec(name)?.[1] ?? []);
  const newest = `v${Math.max(...versions.map(Number))}.metadata.json`;
  // Ids of 63 bits do not pass through JavaScript's numbers.
  const text = readFileSync(join(folder, newest), 'utf8').replace(
    /"((?:[a-z]+-)*snapshot-id)"\s*:\s*(\d+)/g,
    '"$1":"$2"',
  );
  const { schemas, snapshots = [], 'current-schema-id': current } = JSON.parse(text);
  const snapshot = snapshots.find((each) => each['snapshot-id'] === String(snapshotId));
  const id = snapshot?.['schema-id'] ?? current;
  return { fields: schemas.find((each) => each['schema-id'] === id).fields.map(field) };
}

function field({ name, type }) {
  return { name, type: deltaType(type) };
}

function deltaType(type) {
  if (typeof type === 'string') return TYPES[type] ?? type.replaceAll(' ', '');
  switch (type.type) {
    case 'list':
      return { type: 'array', elementType: deltaType(type.element) };
    case 'map':
      return { type: 'map', keyType: deltaType(type.key), valueType: deltaType(type.value) };
    default:
      return { type: 'struct', fields: type.fields.map(field) };
  }
}
