import type { ObjectStore } from '@cdc-demo/cdc-core';

/** Key of the log entry of a version (Delta protocol, "Delta Log Entries"). */
export function logEntryKey(version: bigint): string {
  return `_delta_log/${version.toString().padStart(20, '0')}.json`;
}

/**
 * Creates the log entry of a version: `committed` when it is there and ours, `taken` when another
 * writer has the version. An error or an unclear answer of the store is settled by reading what
 * the log holds: our `commitInfo.txnId` in it means success, however the call ended.
 * @param txnId the `commitInfo.txnId` in `entry`, which no other entry has
 * @throws what the store threw, when the version is not in the log
 */
export async function createLogEntry(
  store: ObjectStore,
  version: bigint,
  { entry, txnId }: { readonly entry: Uint8Array; readonly txnId: string },
): Promise<'committed' | 'taken'> {
  const key = logEntryKey(version);
  let failure: unknown;
  try {
    if ((await store.putIfAbsent(key, entry)) === 'created') return 'committed';
  } catch (error) {
    failure = error;
  }
  const found = await store.get(key);
  if (found !== undefined) return hasTxnId(found, txnId) ? 'committed' : 'taken';
  if (failure instanceof Error) throw failure;
  throw new Error(`${key} exists and cannot be read`, { cause: failure });
}

function hasTxnId(entry: Uint8Array, txnId: string): boolean {
  const text = Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength).toString('utf8');
  const first = text.split('\n', 1)[0] ?? '';
  const parsed = JSON.parse(first) as { readonly commitInfo?: { readonly txnId?: string } };
  return parsed.commitInfo?.txnId === txnId;
}
