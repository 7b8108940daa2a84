import type { TableFiles } from '../files/table-files.ts';
import { readManifest } from '../manifest/read-manifest.ts';
import { readManifestList } from '../manifest/read-manifest-list.ts';
import type { Snapshot, TableMetadata } from '../metadata/table-metadata.ts';

/**
 * The locations of everything that snapshots need: manifest lists, manifests, data files and delete
 * files. Manifests that they share are read once.
 * @throws IcebergError `iceberg/file-missing`, `iceberg/manifest-corrupt`
 */
export async function snapshotPaths(
  snapshots: readonly Snapshot[],
  { specs }: TableMetadata,
  files: TableFiles,
): Promise<Set<string>> {
  const paths = new Set<string>();
  for (const snapshot of snapshots) {
    if (typeof snapshot.manifests === 'string') paths.add(snapshot.manifests);
    for (const manifest of await readManifestList(snapshot, files)) {
      if (paths.has(manifest.path)) continue;
      paths.add(manifest.path);
      for (const { file } of await readManifest(manifest, files, specs)) paths.add(file.path);
    }
  }
  return paths;
}
