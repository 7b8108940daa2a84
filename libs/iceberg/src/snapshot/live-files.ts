import type { ContentFile } from '../manifest/manifest-file.ts';
import { ManifestCache } from '../manifest/manifest-cache.ts';
import { readManifestList } from '../manifest/read-manifest-list.ts';
import type { Snapshot, TableMetadata } from '../metadata/table-metadata.ts';
import type { TableFiles } from '../files/table-files.ts';

/** The live files of a snapshot. */
export interface SnapshotFiles {
  readonly data: readonly ContentFile[];
  readonly deletes: readonly ContentFile[];
}

/** Lists the files of snapshots; manifests that they share are read once. */
export class LiveFiles {
  readonly #metadata: TableMetadata;
  readonly #files: TableFiles;
  readonly #manifests: ManifestCache;

  constructor(metadata: TableMetadata, files: TableFiles, manifests = new ManifestCache(files)) {
    this.#metadata = metadata;
    this.#files = files;
    this.#manifests = manifests;
  }

  /** @throws IcebergError `iceberg/file-missing`, `iceberg/manifest-corrupt` */
  async of(snapshot: Snapshot): Promise<SnapshotFiles> {
    const data: ContentFile[] = [];
    const deletes: ContentFile[] = [];
    for (const manifest of await readManifestList(snapshot, this.#files)) {
      for (const { file } of await this.#manifests.entries(manifest, this.#metadata.specs)) {
        (file.content === 'data' ? data : deletes).push(file);
      }
    }
    return { data, deletes };
  }
}
