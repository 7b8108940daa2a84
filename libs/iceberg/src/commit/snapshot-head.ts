import { randomBytes } from 'node:crypto';
import { FieldReader } from '@cdc-demo/lake-core';
import type { TableVersion } from '../catalog/table-catalog.ts';
import { IcebergError } from '../errors.ts';
import type { ManifestHead } from '../manifest/write-manifest.ts';
import { boundSpec } from '../partition/partition-columns.ts';
import type { Snapshot, TableMetadata } from '../metadata/table-metadata.ts';

/** What all manifests of a new snapshot have in common. */
export type SnapshotHead = Omit<ManifestHead, 'content' | 'partitions'>;

/** @throws IcebergError `iceberg/not-writable` */
export function snapshotHead({ json, metadata }: TableVersion): SnapshotHead {
  const { formatVersion: version, currentSchemaId: schemaId } = metadata;
  if (version === 1) throw notWritable(metadata, 'it has the first version of the format');
  boundSpec(metadata, metadata.defaultSpecId);
  const schemas = new FieldReader('metadata', json).list('schemas');
  const schema = schemas.find((each) => {
    return new FieldReader('schema', each).number('schema-id') === schemaId;
  });
  return {
    version,
    schema: schema ?? null,
    schemaId,
    snapshotId: newSnapshotId(metadata),
    sequenceNumber: metadata.lastSequenceNumber + 1n,
  };
}

export function currentSnapshot({
  snapshots,
  currentSnapshotId,
}: TableMetadata): Snapshot | undefined {
  return snapshots.find(({ id }) => id === currentSnapshotId);
}

function notWritable({ location }: TableMetadata, why: string): IcebergError {
  const message = `The table at ${location} cannot be written by this program: ${why}`;
  return new IcebergError('iceberg/not-writable', message, { context: { location } });
}

/** A random positive id that the table does not have. */
function newSnapshotId(metadata: TableMetadata): bigint {
  const id = BigInt.asUintN(63, randomBytes(8).readBigUInt64BE());
  const isTaken = id === 0n || metadata.snapshots.some((snapshot) => snapshot.id === id);
  return isTaken ? newSnapshotId(metadata) : id;
}
