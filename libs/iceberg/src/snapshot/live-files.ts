import type { ContentFile, ManifestFile } from '../manifest/manifest-file.ts';
import { readManifest } from '../manifest/read-manifest.ts';
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
  readonly #manifests = new Map<string, Promise<readonly ContentFile[]>>();

  constructor(metadata: TableMetadata, files: TableFiles) {
    this.#metadata = metadata;
    this.#files = files;
  }

  /** @throws IcebergError `iceberg/file-missing`, `iceberg/manifest-corrupt` */
  async of(snapshot: Snapshot): Promise<SnapshotFiles> {
    const data: ContentFile[] = [];
    const deletes: ContentFile[] = [];
    for (const manifest of await readManifestList(snapshot, this.#files)) {
      for (const file of await this.#read(manifest)) {
        (file.content === 'data' ? data : deletes).push(file);
      }
    }
    return { data, deletes };
  }

  #read(manifest: ManifestFile): Promise<readonly ContentFile[]> {
    const known = this.#manifests.get(manifest.path);
    if (known) return known;
    const reading = readManifest(manifest, this.#files, this.#metadata.specs);
    this.#manifests.set(manifest.path, reading);
    return reading;
  }
}
