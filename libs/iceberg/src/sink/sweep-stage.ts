import { createHash } from 'node:crypto';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import { UNPUBLISHED_FOLDER } from '@cdc-demo/lake-core';
import { IcebergError } from '../errors.ts';

/** Folder of a pipeline's progress records, when they lie below the table. */
const STATE_FOLDER = '_cdc_demo/';
/** Folders of a partition. */
const PARTITION = '(?:[^/=]+=[^/]*/)*';
const UUID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** Files that commits write; before there is a table, only an unpublished one has any. */
const COMMITTED = new RegExp(`^data/${PARTITION}${UUID}(?:-deletes)?\\.[a-z.]+$`);
/** Manifests of a table that was about to be made. */
const MANIFEST = new RegExp(`^metadata/(?:${UUID}-m\\d+|snap-\\d+-1-${UUID})\\.avro$`);

/** What a service wrote, of a table that it was about to make or that it has dropped. */
const METADATA = /^metadata\/[^/]+\.metadata\.json(?:\.gz)?$/;

/** Beginning of the names of staged files of a pipeline. */
export function stagePrefix(pipeline: string): string {
  const hash = createHash('sha256').update(pipeline).digest('hex').slice(0, 12);
  return `stage-${hash}-`;
}

export interface StageSweep {
  readonly pipeline: string;
  /** Keys of files that stay. */
  readonly kept: ReadonlySet<string>;
  /** As `TableCatalog` says. A service may still make a table whose creation it never answered. */
  readonly metadataFiles: 'ours' | 'of-service';
}

/**
 * Removes the files that earlier stages of this pipeline left, except `kept`. Manifests that a
 * service may yet need stay; the clean-up of orphans finds them once they are old.
 * @returns how many
 * @throws IcebergError `iceberg/not-ours` when there is anything else; nothing is removed then
 */
export async function sweepStage(
  store: ObjectStore,
  { pipeline, kept, metadataFiles }: StageSweep,
): Promise<number> {
  const stage = new RegExp(`^data/${PARTITION}${stagePrefix(pipeline)}`);
  const staged: string[] = [];
  const committed: string[] = [];
  const unpublished: string[] = [];
  for await (const { key } of store.list('')) {
    if (key.startsWith(STATE_FOLDER) || kept.has(key)) continue;
    if (metadataFiles === 'of-service' && (MANIFEST.test(key) || METADATA.test(key))) continue;
    if (key.startsWith(UNPUBLISHED_FOLDER)) unpublished.push(key);
    else if (stage.test(key)) staged.push(key);
    else if (COMMITTED.test(key) || MANIFEST.test(key)) committed.push(key);
    else throw notOurs(store, key);
  }
  const isOurs = unpublished.length + staged.length + kept.size > 0;
  if (committed[0] !== undefined && !isOurs) throw notOurs(store, committed[0]);
  const others = [...committed, ...unpublished];
  await Promise.all(others.map((key) => store.delete(key)));
  // Last: as long as they are there, the other files are known to be ours.
  await Promise.all(staged.map((key) => store.delete(key)));
  return others.length + staged.length;
}

function notOurs({ url }: ObjectStore, key: string): IcebergError {
  return new IcebergError('iceberg/not-ours', `${url} has files that are not ours: ${key}`, {
    context: { location: url, file: key },
  });
}
