import { createHash } from 'node:crypto';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import { UNPUBLISHED_FOLDER } from '@cdc-demo/lake-core';
import { DeltaError } from '../errors.ts';

/** Folder of a pipeline's progress records, when they lie below the table. */
const STATE_FOLDER = '_cdc_demo/';
/** Names of files that commits write; before there is a table, only an unpublished one has any. */
const COMMITTED = /^(part-|deletion_vector_)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[a-z.]+$/;

/** Beginning of the names of staged files of a pipeline. */
export function stagePrefix(pipeline: string): string {
  const hash = createHash('sha256').update(pipeline).digest('hex').slice(0, 12);
  return `part-stage-${hash}-`;
}

/**
 * Removes the files that earlier stages of this pipeline left, except `kept`.
 * @returns how many
 * @throws DeltaError `delta/not-ours` when there is anything else; nothing is removed then
 */
export async function sweepStage(
  store: ObjectStore,
  pipeline: string,
  kept: ReadonlySet<string>,
): Promise<number> {
  const prefix = stagePrefix(pipeline);
  const staged: string[] = [];
  const committed: string[] = [];
  const unpublished: string[] = [];
  for await (const { key } of store.list('')) {
    if (key.startsWith(STATE_FOLDER) || kept.has(key)) continue;
    if (key.startsWith(UNPUBLISHED_FOLDER)) unpublished.push(key);
    else if (nameOf(key).startsWith(prefix)) staged.push(key);
    else if (COMMITTED.test(nameOf(key))) committed.push(key);
    else throw notOurs(store, key);
  }
  if (committed[0] !== undefined && unpublished.length === 0) throw notOurs(store, committed[0]);
  const others = [...staged, ...committed];
  await Promise.all(others.map((key) => store.delete(key)));
  // Last: as long as it is there, the files of its commits are known to be ours.
  await Promise.all(unpublished.map((key) => store.delete(key)));
  return others.length + unpublished.length;
}

/** Of a file in the folder of its partition, the file's own. */
function nameOf(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

function notOurs({ url }: ObjectStore, key: string): DeltaError {
  return new DeltaError('delta/not-ours', `${url} has files that are not ours: ${key}`, {
    context: { location: url, file: key },
  });
}
