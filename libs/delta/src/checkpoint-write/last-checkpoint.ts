import { jsonChecksum } from '../log/json-checksum.ts';

/** What a reader is told of the newest checkpoint ("Last Checkpoint File Schema"). */
export interface LastCheckpoint {
  readonly version: bigint;
  /** Actions in the checkpoint. */
  readonly size: number;
  readonly sizeInBytes: number;
  readonly numOfAddFiles: number;
}

/** The bytes of `_last_checkpoint`, with their checksum. */
export function encodeLastCheckpoint(last: LastCheckpoint): Uint8Array {
  const hint = { ...last, version: Number(last.version) };
  return Buffer.from(JSON.stringify({ ...hint, checksum: jsonChecksum(JSON.stringify(hint)) }));
}
