import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import type { ExactJsonObject } from '@cdc-demo/lake-core';
import { writeAvro } from '../avro/write-object-container.ts';
import type { TableVersion } from '../catalog/table-catalog.ts';
import type { MetadataUpdate } from '../catalog/metadata-update.ts';
import type { ManifestCache } from '../manifest/manifest-cache.ts';
import { fileKey } from '../manifest/manifest-file.ts';
import type { ContentFile, ManifestFile } from '../manifest/manifest-file.ts';
import { manifestListSchema } from '../manifest/manifest-schema.ts';
import type { ManifestEntry } from '../manifest/read-manifest.ts';
import { manifestRecord, writeManifest } from '../manifest/write-manifest.ts';
import type { FileRecord, ManifestContent } from '../manifest/write-manifest.ts';
import { setMain } from '../refs/change-refs.ts';
import { assignRowIds, carriedRecord } from './manifest-records.ts';
import type { ManifestRecord } from './manifest-records.ts';
import { boundSpec } from '../partition/partition-columns.ts';
import { planMerge } from './merge-manifests.ts';
import type { CarriedManifest } from './merge-manifests.ts';
import { currentSnapshot, snapshotHead } from './snapshot-head.ts';
import type { SnapshotHead } from './snapshot-head.ts';
import { snapshotSummary } from './snapshot-summary.ts';

/** What a commit does to the files of a table. */
export interface FileChanges {
  readonly operation: 'append' | 'replace' | 'overwrite' | 'delete';
  readonly data: readonly FileRecord[];
  readonly deletes: readonly FileRecord[];
  /** Keys of live files (`fileKey`), data files and delete files. */
  readonly removed: ReadonlySet<string>;
}

/** A snapshot whose manifests are durable and that no metadata has yet. */
export interface PreparedSnapshot {
  readonly id: bigint;
  readonly updates: readonly MetadataUpdate[];
  /** Removes the manifests. */
  discard(): Promise<void>;
}

export interface SnapshotRequest {
  readonly changes: FileChanges;
  /** For the summary, besides what every snapshot says. */
  readonly properties: Readonly<Record<string, string>>;
  readonly nowMs: number;
}

export interface SnapshotParts {
  readonly store: ObjectStore;
  readonly manifests: ManifestCache;
}

/**
 * Writes the manifests and the manifest list of the snapshot after `base` (table specification,
 * "Snapshots").
 * @throws IcebergError `iceberg/not-writable` when the manifests have no counts, as those of the
 * first version of the format; as `readManifest`
 */
export async function writeSnapshot(
  parts: SnapshotParts,
  base: TableVersion,
  request: SnapshotRequest,
): Promise<PreparedSnapshot> {
  const writer = new SnapshotWriter(parts, base);
  try {
    return await writer.write(request);
  } catch (error) {
    await writer.discard();
    throw error;
  }
}

/** What the files of a manifest have in common. */
interface ManifestKind {
  readonly content: 'data' | 'deletes';
  /** The first spec where it is not told. */
  readonly specId: number | undefined;
}

class SnapshotWriter {
  readonly #parts: SnapshotParts;
  readonly #base: TableVersion;
  readonly #head: SnapshotHead;
  readonly #list: ManifestRecord[] = [];
  readonly #removed: ContentFile[] = [];
  /** Files of the metadata folder, written as one step. */
  readonly #made: { readonly key: string; readonly bytes: Uint8Array }[] = [];

  constructor(parts: SnapshotParts, base: TableVersion) {
    this.#parts = parts;
    this.#base = base;
    this.#head = snapshotHead(base);
  }

  async write({ changes, properties, nowMs }: SnapshotRequest): Promise<PreparedSnapshot> {
    const head = this.#head;
    const { metadata } = this.#base;
    const parent = currentSnapshot(metadata);
    this.#add('data', changes.data);
    this.#add('deletes', changes.deletes);
    await this.#carry(changes.removed);
    const { list, addedRows } = assignRowIds(this.#list, metadata.nextRowId);
    const snapshot: ExactJsonObject = {
      'snapshot-id': head.snapshotId,
      ...(parent ? { 'parent-snapshot-id': parent.id } : {}),
      'sequence-number': head.sequenceNumber,
      'timestamp-ms': Math.max(nowMs, metadata.lastUpdatedMs),
      'manifest-list': this.#makeList(list, parent?.id),
      summary: { ...snapshotSummary(parent, changes, this.#removed), ...properties },
      'schema-id': head.schemaId,
      ...(metadata.nextRowId === undefined
        ? {}
        : { 'first-row-id': metadata.nextRowId, 'added-rows': addedRows }),
    };
    await this.#writeMade();
    return {
      id: head.snapshotId,
      updates: [{ action: 'add-snapshot', snapshot }, setMain(metadata, head.snapshotId)],
      discard: () => this.discard(),
    };
  }

  async discard(): Promise<void> {
    await Promise.all(this.#made.map(({ key }) => this.#parts.store.delete(key)));
  }

  #add(content: 'data' | 'deletes', added: readonly FileRecord[]): void {
    for (const [specId, of] of bySpec(added)) {
      this.#makeManifest({ content, specId }, { added: of, existing: [], deleted: [] });
    }
  }

  /**
   * Takes over the manifests of the snapshot before: those with removed files are written anew, and
   * many small ones as one.
   */
  async #carry(removed: ReadonlySet<string>): Promise<void> {
    const parent = currentSnapshot(this.#base.metadata);
    const untouched: CarriedManifest[] = [];
    const paths = new Set<string>();
    for (const manifest of parent ? await this.#parts.manifests.list(parent) : []) {
      const record = carriedRecord(manifest, this.#head.version);
      if (!record) continue;
      paths.add(manifest.path);
      const entries = removed.size > 0 ? await this.#entries(manifest) : [];
      const deleted = entries.filter(({ file }) => removed.has(fileKey(file)));
      if (deleted.length === 0) {
        untouched.push({ manifest, record });
        continue;
      }
      const existing = entries.filter((entry) => !deleted.includes(entry));
      this.#removed.push(...deleted.map(({ file }) => file));
      this.#makeManifest(manifest, { added: [], existing, deleted });
    }
    if (this.#removed.length !== removed.size) throw new Error('A removed file is not live');
    const { kept, merged } = planMerge(untouched);
    for (const { record } of kept) this.#list.push(record);
    for (const bin of merged) {
      const entries = await Promise.all(bin.map(({ manifest }) => this.#entries(manifest)));
      const [first] = bin;
      if (!first) continue;
      this.#makeManifest(first.manifest, {
        added: [],
        existing: entries.flat(),
        deleted: [],
      });
    }
    this.#parts.manifests.retain(paths);
  }

  #entries(manifest: ManifestFile): Promise<readonly ManifestEntry[]> {
    return this.#parts.manifests.entries(manifest, this.#base.metadata.specs);
  }

  #makeManifest({ content, specId = 0 }: ManifestKind, of: ManifestContent): void {
    const partitions = boundSpec(this.#base.metadata, specId);
    const head = { ...this.#head, content, partitions };
    const bytes = writeManifest(head, of);
    const path = this.#make(`${randomUUID()}-m${this.#made.length}.avro`, bytes);
    this.#list.push(manifestRecord(head, of, { path, bytes: bytes.length }));
  }

  #makeList(list: readonly ManifestRecord[], parentId: bigint | undefined): string {
    const { version, snapshotId, sequenceNumber } = this.#head;
    const { nextRowId } = this.#base.metadata;
    const bytes = writeAvro(manifestListSchema(version), list, {
      'snapshot-id': String(snapshotId),
      'parent-snapshot-id': String(parentId ?? null),
      'sequence-number': String(sequenceNumber),
      'format-version': String(version),
      ...(nextRowId === undefined ? {} : { 'first-row-id': String(nextRowId) }),
    });
    return this.#make(`snap-${snapshotId}-1-${randomUUID()}.avro`, bytes);
  }

  /** A file of the metadata folder, to be written with the others; its whole location. */
  #make(name: string, bytes: Uint8Array): string {
    const key = `metadata/${name}`;
    this.#made.push({ key, bytes });
    return this.#locationOf(key);
  }

  /** Makes all files durable, in no order: none counts before metadata names the snapshot. */
  async #writeMade(): Promise<void> {
    const { store, manifests } = this.#parts;
    const puts = this.#made.map(({ key, bytes }) => store.put(key, bytes));
    const failed = (await Promise.allSettled(puts)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    for (const { key, bytes } of this.#made) manifests.wrote(this.#locationOf(key), bytes);
  }

  #locationOf(key: string): string {
    return `${this.#base.metadata.location}/${key}`;
  }
}

function bySpec(files: readonly FileRecord[]): ReadonlyMap<number, readonly FileRecord[]> {
  const found = new Map<number, FileRecord[]>();
  for (const file of files) {
    const known = found.get(file.spec_id);
    if (known) known.push(file);
    else found.set(file.spec_id, [file]);
  }
  return found;
}
