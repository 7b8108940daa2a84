import type { TableFiles } from '../files/table-files.ts';
import { readManifest } from '../manifest/read-manifest.ts';
import { readManifestList } from '../manifest/read-manifest-list.ts';
import type { Snapshot, TableMetadata } from '../metadata/table-metadata.ts';

/**
 * The locations of everything that snapshots need: manifest lists, manifests, data files and delete
 * files. Manifests that they share are read once.
 * @param except locations that are left out; manifests among them are not read
 * @throws IcebergError `iceberg/file-missing`, `iceberg/manifest-corrupt`
 */
export async function snapshotPaths(
  snapshots: readonly Snapshot[],
  { metadata: { specs }, files }: { readonly metadata: TableMetadata; readonly files: TableFiles },
  except: ReadonlySet<string> = new Set(),
): Promise<Set<string>> {
  const paths = new Set<string>();
  const isNew = (path: string): boolean => !paths.has(path) && !except.has(path);
  for (const snapshot of snapshots) {
    if (typeof snapshot.manifests === 'string') paths.add(snapshot.manifests);
    for (const manifest of await readManifestList(snapshot, files)) {
      if (!isNew(manifest.path)) continue;
      paths.add(manifest.path);
      for (const { file } of await readManifest(manifest, files, specs)) {
        if (isNew(file.path)) paths.add(file.path);
      }
    }
  }
  return paths;
}
