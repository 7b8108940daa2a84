import { planCompaction } from '@cdc-demo/lake-core';
import type { ManifestFile } from '../manifest/manifest-file.ts';
import type { ManifestRecord } from './manifest-records.ts';

/** A manifest that goes on into the next snapshot. */
export interface CarriedManifest {
  readonly manifest: ManifestFile;
  readonly record: ManifestRecord;
}

/** What Iceberg's own library takes for `commit.manifest.target-size-bytes`. */
const TARGET_BYTES = 8 * 1024 * 1024;
/** So many manifests of one size class become one. */
const MIN_MANIFESTS = 10;

/**
 * Which manifests are written as one, so that a table has few of each size class, however many
 * commits it has seen, and an entry is written anew once for each class that it rises.
 */
export function planMerge(carried: readonly CarriedManifest[]): {
  readonly kept: readonly CarriedManifest[];
  readonly merged: readonly (readonly CarriedManifest[])[];
} {
  const weighed = carried.map((each) => ({
    ...each,
    group: `${each.manifest.content} ${each.manifest.specId ?? 0}`,
    bytes: Number(each.record['manifest_length']),
    rows: 1,
    deletedRows: 0,
  }));
  const merged = planCompaction(weighed, {
    targetBytes: TARGET_BYTES,
    targetRows: Infinity,
    minFiles: MIN_MANIFESTS,
    sizeRatio: MIN_MANIFESTS,
    deletedShare: 1,
  });
  const gone = new Set(merged.flat());
  return { kept: weighed.filter((each) => !gone.has(each)), merged };
}
