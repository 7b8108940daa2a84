import { DeltaError } from '../errors.ts';
import type { Metadata, Protocol } from '../log/actions.ts';

/** Reader features that are understood here (Delta protocol, "Valid Feature Names"). */
const READABLE: ReadonlySet<string> = new Set([
  'columnMapping',
  'deletionVectors',
  'timestampNtz',
  'typeWidening',
  'typeWidening-preview',
  'v2Checkpoint',
  'vacuumProtocolCheck',
  // Columns of the type are refused one by one, so that the others can be read.
  'variantType',
  'variantType-preview',
  'variantShredding',
  'variantShredding-preview',
]);

/**
 * @throws DeltaError `delta/unsupported-feature` when a table with this protocol must not be read
 * by who does not know more than this library
 */
export function assertReadableProtocol(protocol: Protocol): void {
  const { minReaderVersion, readerFeatures } = protocol;
  if (!Number.isInteger(minReaderVersion) || minReaderVersion < 1 || minReaderVersion > 3) {
    throw new DeltaError(
      'delta/unsupported-feature',
      `The table asks for readers of protocol version ${String(minReaderVersion)}; 1 to 3 are known`,
      { context: { minReaderVersion } },
    );
  }
  if (minReaderVersion === 3 && !readerFeatures) {
    throw new DeltaError(
      'delta/log-incomplete',
      'The protocol of the table has reader version 3 and does not list readerFeatures',
    );
  }
  const unknown = (readerFeatures ?? []).filter((feature) => !READABLE.has(feature));
  if (unknown.length === 0) return;
  const features = unknown.join(', ');
  throw new DeltaError(
    'delta/unsupported-feature',
    `The table needs reader features that are not supported: ${features}`,
    { context: { features } },
  );
}

/** @throws DeltaError `delta/unsupported-feature` when the data files are not Parquet */
export function assertReadableFormat(metadata: Metadata): void {
  const { provider } = metadata.format;
  if (provider.toLowerCase() === 'parquet') return;
  throw new DeltaError(
    'delta/unsupported-feature',
    `The files of the table have the format ${provider}; only parquet is supported`,
    { context: { provider } },
  );
}
