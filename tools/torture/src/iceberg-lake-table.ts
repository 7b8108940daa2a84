import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parsePosition } from '@cdc-demo/cdc-core';
import type { FeedRow } from '@cdc-demo/cdc-testing';
import { IcebergTable } from '@cdc-demo/iceberg';
import type { Snapshot } from '@cdc-demo/iceberg';
import { filesIn, linesOf } from './local-lake.ts';
import type { WrittenTable } from './local-lake.ts';

const METADATA = /^metadata\/(v\d+\.metadata\.json|version-hint\.text)$/;
const NUMBERED = /^v(\d+)\.metadata\.json$/;
const POSITION = 'cdc-demo.position';
const TYPES: Readonly<Record<string, FeedRow['type']>> = {
  INSERT: 'insert',
  DELETE: 'delete',
  UPDATE_BEFORE: 'update_preimage',
  UPDATE_AFTER: 'update_postimage',
};

/** An Iceberg table in a local folder; its versions are the sequence numbers of its snapshots. */
export class IcebergLakeTable implements WrittenTable {
  readonly path: string;
  readonly tellsEqualRows: boolean;
  /** Of the newest metadata file that was read. */
  #known: { readonly number: number; readonly table: IcebergTable } | undefined;

  /** @param version of the format: row ids tell a row that was written as it was from a copy */
  constructor(path: string, version: 2 | 3) {
    this.path = path;
    this.tellsEqualRows = version === 3;
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
    const there = new Set(await filesIn(this.path));
    return [...(await this.#referenced())].filter((path) => !there.has(path));
  }

  async orphans(): Promise<string[]> {
    const referenced = await this.#referenced();
    const found = await filesIn(this.path);
    return found.filter((path) => !referenced.has(path) && !METADATA.test(path));
  }

  async overtake(): Promise<void> {
    while ((await this.#tryOvertake()) === 'taken');
  }

  async #tryOvertake(): Promise<'done' | 'taken'> {
    const newest = await this.#newest();
    if (newest === 0) return 'done';
    const text = await readFile(this.#metadataFile(newest), 'utf8');
    const later = text.replace(/"last-updated-ms":(\d+)/, (_field, ms: string) => {
      return `"last-updated-ms":${Number(ms) + 1}`;
    });
    try {
      await writeFile(this.#metadataFile(newest + 1), later, { flag: 'wx' });
      return 'done';
    } catch (error) {
      if ((error as { readonly code?: string }).code === 'EEXIST') return 'taken';
      throw error;
    }
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
    const table = await this.#open();
    const snapshot = table?.snapshots.find(({ sequenceNumber }) => sequenceNumber === version);
    if (!table || !snapshot) throw new Error(`${this.path} has no snapshot ${version}`);
    return { table, snapshot };
  }

  /** Undefined where there is no table. */
  async #open(): Promise<IcebergTable | undefined> {
    const number = await this.#newest();
    if (number === 0) return undefined;
    if (this.#known?.number !== number) {
      this.#known = { number, table: await IcebergTable.open(this.#metadataFile(number)) };
    }
    return this.#known.table;
  }

  /** Number of the newest metadata file; 0 where there is none. */
  async #newest(): Promise<number> {
    const names = await filesIn(join(this.path, 'metadata'));
    return Math.max(0, ...names.map((name) => Number(NUMBERED.exec(name)?.[1] ?? 0)));
  }

  #metadataFile(number: number): string {
    return join(this.path, `metadata/v${number}.metadata.json`);
  }
}
