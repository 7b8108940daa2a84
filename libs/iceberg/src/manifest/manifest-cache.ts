import type { TableFiles } from '../files/table-files.ts';
import type { PartitionSpec } from '../metadata/partition-spec.ts';
import type { ManifestFile } from './manifest-file.ts';
import { readManifest } from './read-manifest.ts';
import type { ManifestEntry } from './read-manifest.ts';

/** Reads manifests, each once: they never change. */
export class ManifestCache {
  readonly #files: TableFiles;
  readonly #known = new Map<string, Promise<readonly ManifestEntry[]>>();

  constructor(files: TableFiles) {
    this.#files = files;
  }

  /** The live files of a manifest. @throws as `readManifest` */
  entries(
    manifest: ManifestFile,
    specs: readonly PartitionSpec[],
  ): Promise<readonly ManifestEntry[]> {
    const known = this.#known.get(manifest.path);
    if (known) return known;
    const reading = readManifest(manifest, this.#files, specs);
    this.#known.set(manifest.path, reading);
    return reading;
  }

  /** Forgets all manifests but these. */
  retain(paths: ReadonlySet<string>): void {
    for (const path of this.#known.keys()) if (!paths.has(path)) this.#known.delete(path);
  }
}
