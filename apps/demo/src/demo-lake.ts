import type { ColumnBatch } from '@cdc-demo/cdc-core';
import { DeltaTable } from '@cdc-demo/delta';
import { IcebergTable } from '@cdc-demo/iceberg';
import { feedLines } from './feed-lines.ts';
import type { FeedLine } from './feed-lines.ts';

/** A table of the demo, in whatever format. */
export interface LakeTable {
  rows(): AsyncIterable<ColumnBatch>;
  /** The changes of one commit, or of all of them. */
  changes(version?: bigint): AsyncIterable<FeedLine>;
  /** What a commit is called; undefined for the one that made the table. */
  labelOf(version: bigint): string | undefined;
}

/** What the demo has to know of a table format. */
export interface DemoFormat {
  readonly name: string;
  /** The keys of the sink besides its location. */
  readonly sink: string;
  readonly open: (path: string) => Promise<LakeTable>;
  /** How other engines read a table. */
  readonly howToRead: (path: string) => readonly string[];
}

const delta: DemoFormat = {
  name: 'Delta',
  sink: 'type: delta',
  open: async (path) => {
    const table = await DeltaTable.open(path);
    return {
      rows: () => table.rows(),
      changes: (version) => {
        const range = version === undefined ? { from: {} } : { from: { version }, to: { version } };
        return feedLines(table.changes(range), '_commit_version');
      },
      labelOf: (version) => (version === 0n ? undefined : `version ${version}`),
    };
  },
  howToRead: (path) => [
    `Spark      spark.read.format("delta").load("${path}")`,
    `           spark.read.format("delta").option("readChangeFeed", "true").option("startingVersion", 0).load("${path}")`,
    `delta-rs   QueryBuilder().register("t", DeltaTable("${path}")).execute("SELECT * FROM t").read_all()`,
    `DuckDB     SELECT * FROM delta_scan('${path}')`,
  ],
};

const iceberg: DemoFormat = {
  name: 'Iceberg',
  sink: 'type: iceberg',
  open: async (path) => {
    const table = await IcebergTable.open(path);
    const snapshotOf = (id: bigint): (typeof table.snapshots)[number] | undefined =>
      table.snapshots.find((snapshot) => snapshot.id === id);
    return {
      rows: () => table.rows(),
      changes: (version) => {
        if (version === undefined) return feedLines(table.changes(), '_commit_snapshot_id');
        const parentId = snapshotOf(version)?.parentId;
        const from = parentId === undefined ? {} : { from: { snapshotId: parentId } };
        const range = { ...from, to: { snapshotId: version } };
        return feedLines(table.changes(range), '_commit_snapshot_id');
      },
      labelOf: (version) => {
        const snapshot = snapshotOf(version);
        if (!snapshot || snapshot.parentId === undefined) return undefined;
        return `snapshot ${snapshot.sequenceNumber}`;
      },
    };
  },
  howToRead: (path) => [
    `           npx cdc-demo table changes ${path}`,
    `Spark      spark.read.format("iceberg").load("${path}")`,
    `PyIceberg  StaticTable.from_metadata("${path}").scan().to_arrow()`,
    `DuckDB     SELECT * FROM iceberg_scan('${path}')`,
  ],
};

/** By what is written behind `FORMAT=`. */
export const FORMATS: Readonly<Record<string, DemoFormat>> = { delta, iceberg };
