import { DeltaError } from '../errors.ts';
import type { Metadata, Protocol } from '../log/actions.ts';
import { enabledFeatures, isReaderFeature } from './features.ts';

/**
 * Engines that tables are written for, and the reader features that they know in the releases of
 * 2026; `basic` stands for any that knows none.
 */
const KNOWN = {
  spark: ['deletionVectors', 'columnMapping', 'timestampNtz', 'typeWidening', 'v2Checkpoint'],
  trino: ['deletionVectors', 'columnMapping', 'timestampNtz', 'typeWidening', 'v2Checkpoint'],
  clickhouse: ['deletionVectors', 'columnMapping', 'timestampNtz', 'typeWidening', 'v2Checkpoint'],
  duckdb: ['deletionVectors', 'columnMapping', 'timestampNtz', 'typeWidening', 'v2Checkpoint'],
  'delta-rs': ['deletionVectors', 'columnMapping', 'timestampNtz', 'v2Checkpoint'],
  polars: ['timestampNtz'],
  basic: [],
} as const satisfies Record<string, readonly string[]>;

export type TableReader = keyof typeof KNOWN;

/**
 * How rows of a file are deleted: marked in a deletion vector, or the file is written anew without
 * them.
 */
export type DeletionMode = 'vectors' | 'copy-on-write';

/**
 * The cheapest way that all of these readers understand, and that the table's own properties do
 * not rule out.
 */
export function deletionMode(
  readers: readonly TableReader[],
  { configuration }: Pick<Metadata, 'configuration'>,
): DeletionMode {
  const isRuledOut = configuration['delta.enableDeletionVectors'] === 'false';
  const isKnown = readers.every((reader) => knows(reader, 'deletionVectors'));
  return isKnown && !isRuledOut ? 'vectors' : 'copy-on-write';
}

/** The first of these readers that a table with this protocol is too new for. */
export function unreadable(
  protocol: Protocol,
  readers: readonly TableReader[],
): DeltaError | undefined {
  const features = [...enabledFeatures(protocol)].filter(isReaderFeature).sort();
  for (const reader of readers) {
    const feature = features.find((name) => !knows(reader, name));
    if (feature === undefined) continue;
    const message = `${reader} cannot read a table with ${feature}, which this one needs`;
    return new DeltaError('delta/unreadable', message, { context: { reader, feature } });
  }
  return undefined;
}

function knows(reader: TableReader, feature: string): boolean {
  return (KNOWN[reader] as readonly string[]).includes(feature);
}
