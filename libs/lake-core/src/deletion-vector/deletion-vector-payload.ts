import { crc32 } from 'node:zlib';
import { LakeError } from '../errors.ts';
import { DeletionVector } from './deletion-vector.ts';

/** First four bytes of a payload, little-endian: a 64-bit Roaring bitmap in portable form. */
export const DELETION_VECTOR_MAGIC = 1681511377;
/** Bytes that a frame adds to its payload: the length before, the checksum behind. */
export const FRAME_BYTES = 8;

/**
 * The bytes that both table formats share: the magic number and the portable bitmap (Delta
 * protocol, "Deletion Vector Format"; Puffin, "deletion-vector-v1").
 */
export function encodeDeletionVectorPayload(vector: DeletionVector): Uint8Array {
  const bitmap = vector.serialize();
  const payload = new Uint8Array(4 + bitmap.length);
  new DataView(payload.buffer).setUint32(0, DELETION_VECTOR_MAGIC, true);
  payload.set(bitmap, 4);
  return payload;
}

/** @throws LakeError `lake/deletion-vector-corrupt` */
export function parseDeletionVectorPayload(payload: Uint8Array): DeletionVector {
  if (payload.length < 4) throw corrupt('it is shorter than its magic number', payload.length);
  const magic = viewOf(payload).getUint32(0, true);
  if (magic !== DELETION_VECTOR_MAGIC) {
    throw corrupt(`its magic number is ${String(magic)}`, payload.length);
  }
  return DeletionVector.parse(payload.subarray(4));
}

/**
 * A payload as it stands in a file: its length in four big-endian bytes, the payload, and its
 * CRC-32 in four big-endian bytes. In Delta the frames follow a first byte 1 in a
 * `deletion_vector_*.bin` file, and a descriptor's `offset` is that of the frame, its
 * `sizeInBytes` that of the payload. In Iceberg a frame is a Puffin blob.
 */
export function frameDeletionVectorPayload(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(payload.length + FRAME_BYTES);
  const view = viewOf(frame);
  view.setUint32(0, payload.length);
  frame.set(payload, 4);
  view.setUint32(4 + payload.length, crc32(payload));
  return frame;
}

/**
 * The payload in the frame that begins at `offset`; a view of `bytes`.
 * @throws LakeError `lake/deletion-vector-corrupt` when the frame does not fit `bytes` or its
 * checksum is wrong.
 */
export function unframeDeletionVectorPayload(bytes: Uint8Array, offset = 0): Uint8Array {
  const left = bytes.length - offset;
  const length = left < FRAME_BYTES || offset < 0 ? -1 : viewOf(bytes).getUint32(offset);
  if (length < 0 || length > left - FRAME_BYTES) {
    throw corrupt('the file ends before it does', bytes.length);
  }
  const start = offset + 4;
  const payload = bytes.subarray(start, start + length);
  if (viewOf(bytes).getUint32(start + length) !== crc32(payload)) {
    throw corrupt('its checksum does not match', bytes.length);
  }
  return payload;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function corrupt(what: string, length: number): LakeError {
  return new LakeError('lake/deletion-vector-corrupt', `A deletion vector is damaged: ${what}`, {
    context: { length },
  });
}
