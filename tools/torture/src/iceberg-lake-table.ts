import { isCdcError, parsePosition } from '@cdc-demo/cdc-core';
import type { FeedRow } from '@cdc-demo/cdc-testing';
import { IcebergTable } from '@cdc-demo/iceberg';
import type { CatalogTable, Snapshot } from '@cdc-demo/iceberg';
import { openObjectStore } from '@cdc-demo/object-store';
import { filesIn, linesOf, textOf } from './written-lake.ts';
import type { WrittenTable } from './written-lake.ts';

/** Hadoop keeps checksums beside the metadata files that it writes. */
const METADATA =
  /^metadata\/(v\d+\.metadata\.json|version-hint\.text|\d+-[-0-9a-f]+\.metadata\.json|\..*\.crc)$/;
const NUMBERED = /^v(\d+)\.metadata\.json$/;
const POSITION = 'cdc-demo.position';
const TYPES: Readonly<Record<string, FeedRow['type']>> = {
  INSERT: 'insert',
  DELETE: 'delete',
  UPDATE_BEFORE: 'update_preimage',
  UPDATE_AFTER: 'update_postimage',
};

/** A table by the catalog that keeps it, and how to reach that without this library. */
export interface KeptTable {
  readonly table: CatalogTable;
  /** Of the table's requests. */
  readonly url: string;
}

export interface IcebergLakeTableOptions {
  /** Row ids tell a row that was written as it was from a copy. */
  readonly formatVersion: 2 | 3;
  /** The table's metadata files keep it unless given. */
  readonly kept?: KeptTable | undefined;
}

/** An Iceberg table; its versions are the sequence numbers of its snapshots. */
export class IcebergLakeTable implements WrittenTable {
  readonly location: string;
  readonly tellsEqualRows: boolean;
  readonly #kept: KeptTable | undefined;
  /** As it was when its versions were asked for last. */
  #known: IcebergTable | undefined;

  constructor(location: string, { formatVersion, kept }: IcebergLakeTableOptions) {
    this.location = location;
    this.tellsEqualRows = formatVersion === 3;
    this.#kept = kept;
  }

  async versions(): Promise<readonly bigint[]> {
    const table = await this.#open();
    return (table?.snapshots ?? []).map(({ sequenceNumber }) => sequenceNumber);
  }

  async position(version: bigint): Promise<bigint | undefined> {
    const { snapshot } = await this.#at(version);
    const text = snapshot.summary[POSITION];
    if (text === undefined) return undefined;
    const { position } = JSON.parse(text) as { readonly position: string };
    return parsePosition(position).lsn;
  }

  async feed(version: bigint): Promise<FeedRow[]> {
    const { table, snapshot } = await this.#at(version);
    const { id: snapshotId, parentId } = snapshot;
    const from = parentId === undefined ? {} : { from: { snapshotId: parentId } };
    const lines = await linesOf(table.changes({ ...from, to: { snapshotId } }));
    return lines.map((line) => {
      const { _change_type, _change_ordinal, _commit_snapshot_id, ...row } = JSON.parse(line) as {
        readonly _change_type: string;
        readonly _change_ordinal: number;
        readonly _commit_snapshot_id: number;
      };
      return { type: TYPES[_change_type] ?? 'insert', row: JSON.stringify(row) };
    });
  }

  async rows(version: bigint): Promise<string[]> {
    const { table, snapshot } = await this.#at(version);
    return linesOf(table.rows({ snapshotId: snapshot.id }));
  }

  async missingFiles(): Promise<string[]> {
    const there = new Set(await filesIn(this.location));
    return [...(await this.#referenced())].filter((path) => !there.has(path));
  }

  async orphans(): Promise<string[]> {
    const referenced = await this.#referenced();
    const found = await filesIn(this.location);
    return found.filter((path) => !referenced.has(path) && !METADATA.test(path));
  }

  async overtake(): Promise<void> {
    while ((await (this.#kept ? this.#trySnapshot(this.#kept) : this.#tryMetadata())) === 'taken');
  }

  /** Another metadata file with the same contents. */
  async #tryMetadata(): Promise<'done' | 'taken'> {
    const names = await filesIn(`${this.location}/metadata`);
    const newest = Math.max(0, ...names.map((name) => Number(NUMBERED.exec(name)?.[1] ?? 0)));
    if (newest === 0) return 'done';
    const key = (number: number): string => `metadata/v${number}.metadata.json`;
    const text = await textOf(this.location, key(newest));
    const later = text.replace(/"last-updated-ms":(\d+)/, (_field, ms: string) => {
      return `"last-updated-ms":${Number(ms) + 1}`;
    });
    const store = openObjectStore(this.location);
    const outcome = await store.putIfAbsent(key(newest + 1), Buffer.from(later));
    return outcome === 'created' ? 'done' : 'taken';
  }

  /** Another snapshot of the same files: a service refuses what was prepared without it. */
  async #trySnapshot({ url }: KeptTable): Promise<'done' | 'taken'> {
    const table = await this.#open();
    const newest = table?.snapshots.at(-1);
    if (!table || !newest) return 'done';
    const { lastSequenceNumber, nextRowId, currentSchemaId } = table.metadata;
    const id = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
    const rowIds = nextRowId === undefined ? '' : `"first-row-id":${nextRowId},"added-rows":0,`;
    const body = `{"requirements":[],"updates":[
      {"action":"add-snapshot","snapshot":{"snapshot-id":${id},"parent-snapshot-id":${newest.id},
        "sequence-number":${lastSequenceNumber + 1n},"timestamp-ms":${newest.timestampMs + 1},
        ${rowIds}"manifest-list":${JSON.stringify(newest.manifests)},
        "schema-id":${currentSchemaId},"summary":{"operation":"append"}}},
      {"action":"set-snapshot-ref","ref-name":"main","type":"branch","snapshot-id":${id}}]}`;
    const headers = { 'content-type': 'application/json' };
    const { status } = await fetch(url, { method: 'POST', headers, body });
    if (status === 200) return 'done';
    const now = await this.#open();
    if (now?.metadata.lastSequenceNumber !== lastSequenceNumber) return 'taken';
    throw new Error(`${url} refuses a snapshot: ${status}`);
  }

  /** Keys of everything that a snapshot needs. */
  async #referenced(): Promise<ReadonlySet<string>> {
    const table = await this.#open();
    const paths = table ? await table.referencedFiles() : [];
    const root = `${table?.metadata.location ?? ''}/`;
    return new Set(Array.from(paths, (path) => path.slice(root.length)));
  }

  async #at(
    version: bigint,
  ): Promise<{ readonly table: IcebergTable; readonly snapshot: Snapshot }> {
    const find = (table: IcebergTable | undefined): Snapshot | undefined =>
      table?.snapshots.find(({ sequenceNumber }) => sequenceNumber === version);
    const table = find(this.#known) ? this.#known : await this.#open();
    const snapshot = find(table);
    if (!table || !snapshot) throw new Error(`${this.location} has no snapshot ${version}`);
    return { table, snapshot };
  }

  /** The table as it is now; undefined where there is none. */
  async #open(): Promise<IcebergTable | undefined> {
    try {
      this.#known = await IcebergTable.open(this.#kept?.table ?? this.location);
    } catch (error) {
      if (!isCdcError(error) || error.code !== 'iceberg/not-a-table') throw error;
      this.#known = undefined;
    }
    return this.#known;
  }
}
