import type { AddFile, DomainMetadata, Metadata, Protocol, Txn } from '../log/actions.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

/** What a checkpoint says of its version, tombstones left out. */
export interface CheckpointContent {
  readonly version: bigint;
  readonly protocol: Protocol;
  readonly metadata: Metadata;
  readonly transactions: readonly Txn[];
  readonly domains: readonly DomainMetadata[];
  readonly files: readonly AddFile[];
}

/** The content of a snapshot as it stands now; it stays when the snapshot moves on. */
export function checkpointContent(snapshot: Snapshot): CheckpointContent {
  const { version, protocol, metadata, transactions, domains } = snapshot;
  return {
    version,
    protocol,
    metadata,
    transactions: [...transactions.values()],
    domains: [...domains.values()],
    files: [...snapshot.files()],
  };
}
