import { setImmediate } from 'node:timers/promises';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import { ParquetWriter } from '@cdc-demo/lake-core';
import type { RemoveFile } from '../log/actions.ts';
import { ENGINE_INFO } from '../write/engine-info.ts';
import type { CheckpointContent } from './checkpoint-content.ts';
import { CHECKPOINT_FIELDS } from './checkpoint-fields.ts';
import { checkpointBatches } from './checkpoint-rows.ts';
import { encodeLastCheckpoint } from './last-checkpoint.ts';

export const LAST_CHECKPOINT_KEY = '_delta_log/_last_checkpoint';

/**
 * Writes the classic checkpoint of a version, then the hint that leads readers to it. The log
 * entry of the version must be there. Others get their turn between batches of rows.
 * @returns how many actions the checkpoint has
 */
export async function writeCheckpoint(
  store: ObjectStore,
  content: CheckpointContent,
  tombstones: AsyncIterable<RemoveFile>,
): Promise<number> {
  const { version } = content;
  const key = `_delta_log/${version.toString().padStart(20, '0')}.checkpoint.parquet`;
  const output = await store.openWriter(key);
  let sizeInBytes: number;
  let size = 0;
  try {
    const options = { compression: 'snappy', createdBy: ENGINE_INFO } as const;
    const writer = new ParquetWriter(output, CHECKPOINT_FIELDS, options);
    for await (const rows of checkpointBatches(content, tombstones)) {
      await writer.write(rows);
      size += rows.length;
      await setImmediate();
    }
    sizeInBytes = (await writer.finish()).bytes;
    await output.close();
  } catch (error) {
    await output.abort();
    throw error;
  }
  const last = { version, size, sizeInBytes, numOfAddFiles: content.files.length };
  await store.put(LAST_CHECKPOINT_KEY, encodeLastCheckpoint(last));
  return size;
}
