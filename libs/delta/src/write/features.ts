import type { Field, FieldType, ObjectStore } from '@cdc-demo/cdc-core';
import { DeltaError } from '../errors.ts';
import type { Protocol } from '../log/actions.ts';

/** Features that every table of this writer has; they concern writers only. */
const ALWAYS = ['changeDataFeed', 'domainMetadata', 'inCommitTimestamp'];

/** Features that readers have to know too (Delta protocol, "Valid Feature Names"). */
const READER_FEATURES: ReadonlySet<string> = new Set([
  'catalogManaged',
  'catalogOwned-preview',
  'columnMapping',
  'deletionVectors',
  'timestampNtz',
  'typeWidening',
  'typeWidening-preview',
  'v2Checkpoint',
  'vacuumProtocolCheck',
  'variantType',
  'variantType-preview',
  'variantShredding-preview',
]);

/** Writer features whose demands this writer meets. Not here: variants, clustering, row ids. */
const WRITABLE: ReadonlySet<string> = new Set([
  'appendOnly',
  'invariants',
  'changeDataFeed',
  'domainMetadata',
  'inCommitTimestamp',
  'columnMapping',
  'deletionVectors',
  'timestampNtz',
  'typeWidening',
  'v2Checkpoint',
  'vacuumProtocolCheck',
  // Whether a table makes use of these is told by its metadata, see `writeObstacle`.
  'checkConstraints',
  'generatedColumns',
  'identityColumns',
  'allowColumnDefaults',
]);

/** Features of the writer versions before 7, which a table of such a version may use. */
const LEGACY: Readonly<Record<number, readonly string[]>> = {
  2: ['appendOnly', 'invariants'],
  3: ['checkConstraints'],
  4: ['changeDataFeed', 'generatedColumns'],
  5: ['columnMapping'],
  6: ['identityColumns'],
};

/** Features that these columns need; a column that is not nullable is an invariant. */
export function featuresOf(fields: readonly Field[]): Set<string> {
  const features = new Set<string>();
  for (const { type, nullable } of fields) {
    if (!nullable) features.add('invariants');
    for (const feature of featuresOfType(type)) features.add(feature);
  }
  return features;
}

function featuresOfType(type: FieldType): ReadonlySet<string> {
  switch (type.kind) {
    case 'timestamp':
      return new Set(type.zone === 'none' ? ['timestampNtz'] : []);
    case 'list':
      return featuresOfType(type.element.type);
    case 'map':
      return new Set([...featuresOfType(type.key.type), ...featuresOfType(type.value.type)]);
    case 'struct':
      return featuresOf(type.fields);
    default:
      return new Set();
  }
}

/** The lowest protocol for a new table with these features besides those it always has. */
export function newProtocol(features: Iterable<string>): Protocol {
  return protocolOf(new Set([...ALWAYS, ...features]));
}

/** The protocol with these features too, or undefined when it has them all. */
export function upgradedProtocol(
  protocol: Protocol,
  features: Iterable<string>,
): Protocol | undefined {
  const present = enabledFeatures(protocol);
  const missing = [...features].filter((feature) => !present.has(feature));
  if (missing.length === 0) return undefined;
  const upgraded = protocolOf(new Set([...present, ...missing]));
  if (upgraded.minReaderVersion >= protocol.minReaderVersion) return upgraded;
  return { ...upgraded, minReaderVersion: protocol.minReaderVersion };
}

/** Names of the features that a table uses or, before writer version 7, may use. */
export function enabledFeatures(protocol: Protocol): Set<string> {
  const features = new Set([
    ...(protocol.writerFeatures ?? []),
    ...(protocol.readerFeatures ?? []),
  ]);
  if (protocol.minWriterVersion >= 7) return features;
  for (const [version, names] of Object.entries(LEGACY)) {
    if (Number(version) > protocol.minWriterVersion) continue;
    for (const name of names) features.add(name);
  }
  return features;
}

/** Do readers have to know the feature too? */
export function isReaderFeature(feature: string): boolean {
  return READER_FEATURES.has(feature);
}

/** The features of a table that this writer cannot honour. */
export function unwritableFeatures(protocol: Protocol): string[] {
  if (protocol.minWriterVersion > 7 || protocol.minReaderVersion > 3) {
    return [`protocol (${protocol.minReaderVersion}, ${protocol.minWriterVersion})`];
  }
  return [...enabledFeatures(protocol)].filter((feature) => !WRITABLE.has(feature)).sort();
}

/**
 * Files may be deleted and rewritten only by who knows all that the table asks of writers (Delta
 * protocol, "VACUUM Protocol Check").
 * @throws DeltaError `delta/not-writable`
 */
export function assertKnownToWriter(store: ObjectStore, protocol: Protocol): void {
  const unknown = unwritableFeatures(protocol);
  if (unknown.length === 0) return;
  const features = unknown.join(', ');
  throw new DeltaError(
    'delta/not-writable',
    `The files of ${store.url} are not to be touched by this program: the table uses ${features}`,
    { context: { location: store.url, features } },
  );
}

function protocolOf(features: ReadonlySet<string>): Protocol {
  const writerFeatures = [...features].sort();
  const readerFeatures = writerFeatures.filter((feature) => READER_FEATURES.has(feature));
  const isLegacy = readerFeatures.every((feature) => feature === 'columnMapping');
  if (isLegacy) {
    return { minReaderVersion: readerFeatures.length + 1, minWriterVersion: 7, writerFeatures };
  }
  return { minReaderVersion: 3, minWriterVersion: 7, readerFeatures, writerFeatures };
}
