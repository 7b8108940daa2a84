import type { ObjectStore } from '@cdc-demo/cdc-core';
import { isJsonObject, parseExactJson } from '@cdc-demo/lake-core';
import { jsonChecksum } from './json-checksum.ts';
import { LOG_FOLDER } from './log-listing.ts';

const decoder = new TextDecoder();

/**
 * The version that `_last_checkpoint` names (Delta protocol, "Last Checkpoint File"). A hint: the
 * checkpoint may be gone, and newer ones may be there. Undefined when the file is missing, is not
 * what it should be, or does not fit its own checksum.
 */
export async function lastCheckpointHint(store: ObjectStore): Promise<bigint | undefined> {
  const body = await store.get(`${LOG_FOLDER}_last_checkpoint`);
  if (!body) return undefined;
  try {
    const text = decoder.decode(body);
    const json = parseExactJson(text);
    if (!isJsonObject(json)) return undefined;
    const { version, checksum } = json;
    const isVersion = typeof version === 'bigint' || Number.isSafeInteger(version);
    if (!isVersion || (version as bigint | number) < 0) return undefined;
    if (checksum !== undefined && checksum !== jsonChecksum(text)) return undefined;
    return BigInt(version as bigint | number);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
