import { formatUuid } from '@cdc-demo/cdc-core';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import { parseDeletionVectorPayload, unframeDeletionVectorPayload } from '@cdc-demo/lake-core';
import type { DeletionVector } from '@cdc-demo/lake-core';
import { DeltaError } from '../errors.ts';
import type { DeletionVectorDescriptor } from '../log/actions.ts';
import { locateFile } from '../read/file-location.ts';
import type { FileLocation, FileResolver } from '@cdc-demo/lake-core';
import { orMissing } from '../read/missing-file.ts';
import { decodeZ85 } from './decode-z85.ts';

/** Characters of a UUID in Z85. */
const UUID_CHARACTERS = 20;
/** Length before and checksum behind the payload in a file. */
const FRAME_BYTES = 8;

/**
 * The rows that a descriptor deletes (Delta protocol, "Deletion Vectors").
 * @param table the store whose root is the table's folder
 * @throws DeltaError `delta/deletion-vector` when the descriptor and the vector do not agree;
 * `delta/file-missing`, `delta/foreign-storage`; LakeError `lake/deletion-vector-corrupt`
 */
export async function readDeletionVector(
  table: ObjectStore,
  descriptor: DeletionVectorDescriptor,
  resolver?: FileResolver,
): Promise<DeletionVector> {
  const payload =
    descriptor.storageType === 'i'
      ? inlinePayload(descriptor)
      : await storedPayload(vectorLocation(table, descriptor, resolver), descriptor);
  const vector = parseDeletionVectorPayload(payload);
  if (vector.cardinality === descriptor.cardinality) return vector;
  throw wrong(`it deletes ${vector.cardinality} rows instead of ${descriptor.cardinality}`);
}

function inlinePayload({ pathOrInlineDv, sizeInBytes }: DeletionVectorDescriptor): Uint8Array {
  const bytes = decoded(pathOrInlineDv);
  if (bytes.length < sizeInBytes) throw wrong('its text is shorter than its size');
  return bytes.subarray(0, sizeInBytes);
}

async function storedPayload(
  { store, key }: FileLocation,
  { offset = 0, sizeInBytes }: DeletionVectorDescriptor,
): Promise<Uint8Array> {
  // Offset 0 means the first vector: the file's version byte stands before it.
  const start = Math.max(offset, 1);
  const end = start + sizeInBytes + FRAME_BYTES;
  const frame = await orMissing(store.getRange(key, start, end), { store, key });
  const payload = unframeDeletionVectorPayload(frame);
  if (payload.length === sizeInBytes) return payload;
  throw wrong(`it has ${payload.length} bytes in ${key} instead of ${sizeInBytes}`);
}

/** The file that holds the vector of a descriptor, which is not inline. */
export function vectorLocation(
  table: ObjectStore,
  { storageType, pathOrInlineDv }: DeletionVectorDescriptor,
  resolver?: FileResolver,
): FileLocation {
  if (storageType === 'p') return locateFile(table, pathOrInlineDv, resolver);
  const at = pathOrInlineDv.length - UUID_CHARACTERS;
  if (at < 0) throw wrong('the name of its file is too short');
  const folder = at > 0 ? `${pathOrInlineDv.slice(0, at)}/` : '';
  const uuid = formatUuid(decoded(pathOrInlineDv.slice(at)));
  return { store: table, key: `${folder}deletion_vector_${uuid}.bin` };
}

function decoded(text: string): Uint8Array {
  try {
    return decodeZ85(text);
  } catch (cause) {
    throw new DeltaError('delta/deletion-vector', 'A deletion vector is wrong: it is no Z85', {
      cause,
    });
  }
}

function wrong(what: string): DeltaError {
  return new DeltaError('delta/deletion-vector', `A deletion vector is wrong: ${what}`);
}
