import type { ContentFile } from '../manifest/manifest-file.ts';
import { ManifestCache } from '../manifest/manifest-cache.ts';
import type { ManifestEntry } from '../manifest/read-manifest.ts';
import type { Snapshot, TableMetadata } from '../metadata/table-metadata.ts';
import type { TableFiles } from '../files/table-files.ts';

/** The live files of a snapshot. */
export interface SnapshotFiles {
  readonly data: readonly ContentFile[];
  readonly deletes: readonly ContentFile[];
}

/** The same, with what the manifests say of the data files. */
export interface SnapshotEntries {
  readonly data: readonly ManifestEntry[];
  readonly deletes: readonly ContentFile[];
}

/** Lists the files of snapshots; manifests that they share are read once. */
export class LiveFiles {
  readonly #metadata: TableMetadata;
  readonly #manifests: ManifestCache;

  constructor(metadata: TableMetadata, files: TableFiles, manifests = new ManifestCache(files)) {
    this.#metadata = metadata;
    this.#manifests = manifests;
  }

  /** @throws IcebergError `iceberg/file-missing`, `iceberg/manifest-corrupt` */
  async of(snapshot: Snapshot): Promise<SnapshotFiles> {
    const { data, deletes } = await this.entriesOf(snapshot);
    return { data: data.map(({ file }) => file), deletes };
  }

  /** As `of`, with what the manifests say of the data files. */
  async entriesOf(snapshot: Snapshot): Promise<SnapshotEntries> {
    const data: ManifestEntry[] = [];
    const deletes: ContentFile[] = [];
    for (const manifest of await this.#manifests.list(snapshot)) {
      for (const entry of await this.#manifests.entries(manifest, this.#metadata.specs)) {
        if (entry.file.content === 'data') data.push(entry);
        else deletes.push(entry.file);
      }
    }
    return { data, deletes };
  }
}
