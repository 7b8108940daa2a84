import type { TableFiles } from '../files/table-files.ts';
import type { PartitionSpec } from '../metadata/partition-spec.ts';
import type { Snapshot } from '../metadata/table-metadata.ts';
import type { ManifestFile } from './manifest-file.ts';
import { readManifest } from './read-manifest.ts';
import type { ManifestEntry } from './read-manifest.ts';
import { readManifestList } from './read-manifest-list.ts';

/**
 * Reads manifests and manifest lists, each once: they never change. Those that were written here
 * are not read at all. A failure is not kept.
 */
export class ManifestCache {
  readonly #files: TableFiles;
  readonly #known = new Map<string, Promise<readonly ManifestEntry[]>>();
  /** Lists by their location. */
  readonly #lists = new Map<string, Promise<readonly ManifestFile[]>>();
  /** What was written and nobody has asked for yet. */
  readonly #written = new Map<string, Uint8Array>();

  constructor(files: TableFiles) {
    this.#files = files;
  }

  /** The manifests of a snapshot. @throws as `readManifestList` */
  list(snapshot: Snapshot): Promise<readonly ManifestFile[]> {
    const { manifests } = snapshot;
    if (typeof manifests !== 'string') return readManifestList(snapshot, this);
    return once(this.#lists, manifests, () => readManifestList(snapshot, this));
  }

  /** The live files of a manifest. @throws as `readManifest` */
  entries(
    manifest: ManifestFile,
    specs: readonly PartitionSpec[],
  ): Promise<readonly ManifestEntry[]> {
    return once(this.#known, manifest.path, () => readManifest(manifest, this, specs));
  }

  /** Takes note of a manifest or a list that is durable. */
  wrote(path: string, bytes: Uint8Array): void {
    this.#written.set(path, bytes);
  }

  /** A whole file. @throws as `TableFiles.read` */
  async read(path: string): Promise<Uint8Array> {
    const bytes = this.#written.get(path) ?? (await this.#files.read(path));
    this.#written.delete(path);
    return bytes;
  }

  /** Forgets all manifests and lists but these. */
  retain(paths: ReadonlySet<string>): void {
    for (const kept of [this.#known, this.#lists, this.#written]) {
      for (const path of kept.keys()) if (!paths.has(path)) kept.delete(path);
    }
  }
}

/** What is known of a path, or else what `read` gives; one that fails is asked for again. */
function once<T>(known: Map<string, Promise<T>>, path: string, read: () => Promise<T>): Promise<T> {
  const found = known.get(path);
  if (found) return found;
  const reading = read();
  known.set(path, reading);
  reading.catch(() => {
    if (known.get(path) === reading) known.delete(path);
  });
  return reading;
}
