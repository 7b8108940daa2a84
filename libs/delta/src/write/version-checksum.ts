import type { ObjectStore } from '@cdc-demo/cdc-core';
import { formatExactJson } from '@cdc-demo/lake-core';
import type { Commit } from '../log/actions.ts';
import { commitInfoOf } from '../log/read-commit.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';

export interface VersionChecksum {
  readonly key: string;
  readonly body: Uint8Array;
}

/**
 * What a version holds in numbers, for readers to check what they read (Delta protocol, "Version
 * Checksum File"). Everything in it is exact.
 * @param snapshot stands at the version of `commit`
 */
export function versionChecksum(snapshot: Snapshot, { version, actions }: Commit): VersionChecksum {
  const { protocol, metadata, fileCount, sizeInBytes } = snapshot;
  const { txnId, inCommitTimestamp } = commitInfoOf(actions) ?? {};
  const json = {
    ...(txnId === undefined ? {} : { txnId }),
    tableSizeBytes: sizeInBytes,
    numFiles: fileCount,
    numMetadata: 1,
    numProtocol: 1,
    ...(inCommitTimestamp === undefined ? {} : { inCommitTimestampOpt: inCommitTimestamp }),
    setTransactions: [...snapshot.transactions.values()],
    domainMetadata: [...snapshot.domains.values()],
    metadata,
    protocol,
  };
  const key = `_delta_log/${version.toString().padStart(20, '0')}.crc`;
  return { key, body: Buffer.from(formatExactJson(json)) };
}

/**
 * Writes a checksum after the log entry of its version; one that is there stays.
 * @throws what the store throws
 */
export async function writeVersionChecksum(
  store: ObjectStore,
  { key, body }: VersionChecksum,
): Promise<void> {
  await store.putIfAbsent(key, body);
}
