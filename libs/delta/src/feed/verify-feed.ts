import { canonicalRow } from '@cdc-demo/cdc-core';
import type { ColumnBatch } from '@cdc-demo/cdc-core';
import { RowSetDigest } from '@cdc-demo/lake-core';
import type { DeltaTable } from '../delta-table.ts';
import { DeltaError } from '../errors.ts';
import { DataFileReader } from '../read/data-file-reader.ts';
import { project } from '../read/projection.ts';
import { changedRows, isAfterImage } from './changed-rows.ts';
import type { ChangeType } from './changed-rows.ts';
import { FeedReplay } from './feed-replay.ts';
import type { RowSet } from './feed-replay.ts';
import { diffVersions } from './version-diff.ts';

export interface VerifyOptions {
  /**
   * The version whose rows the feed is applied to. By default the feed is replayed from nothing;
   * when the log has no version 0 any more, from the oldest one that it has.
   */
  readonly from?: bigint | undefined;
  /** The version that the result must equal; by default the newest. */
  readonly to?: bigint | undefined;
  /** Compare at every version; reads the table's rows once for each. */
  readonly everyVersion?: boolean | undefined;
  /** Called with each version of which the feed is being read. */
  readonly onVersion?: ((version: bigint) => void) | undefined;
}

export interface FeedVerification {
  /** The version that the replay began with; null when it began with nothing. */
  readonly from: bigint | null;
  readonly to: bigint;
  /** Rows of the feed by their kind. */
  readonly changes: Readonly<Record<ChangeType, number>>;
  /** Rows of the table at `to`. */
  readonly rows: number;
  readonly result: 'equal' | FeedDifference;
}

/** A version whose feed is not what happened to the rows, though that of the one before is. */
export interface FeedDifference {
  readonly version: bigint;
  /** Some rows, as canonical JSON, that the table has more often than the feed leaves them. */
  readonly onlyInTable: readonly string[];
  /** Some rows that the feed leaves more often than the table has them. */
  readonly onlyInFeed: readonly string[];
}

const NOTHING: RowSet = { rows: 0, digest: new RowSetDigest() };
/** Differing rows that are shown at most, each way. */
const SHOWN = 10;

/**
 * Is the change feed true? Replays it and compares the rows that come out with the table: all of
 * them, by 128-bit digests, in memory that does not grow with the table.
 * @throws DeltaError `delta/version-missing` when there is nothing between `from` and `to`; as
 * `DeltaTable.changes` and `DeltaTable.rows`
 */
export async function verifyFeed(
  table: DeltaTable,
  options: VerifyOptions = {},
): Promise<FeedVerification> {
  const { from, to } = await rangeOf(table, options);
  const replay = new FeedReplay();
  const rowsAt = await versionRows(table, replay, to);
  const begin = from === null ? NOTHING : await rowsAt(from);
  replay.begin(begin);
  const first = from === null ? 0n : from + 1n;
  const changes = { insert: 0, update_preimage: 0, update_postimage: 0, delete: 0 };
  let current = -1n;
  for await (const change of changedRows(
    table.changes({ from: { version: first }, to: { version: to } }),
  )) {
    if (change.version !== current) options.onVersion?.((current = change.version));
    changes[change.changeType]++;
    replay.apply(change);
  }
  const isEqualAt = async (version: bigint): Promise<boolean> =>
    replay.at(version).equals((await rowsAt(version)).digest);
  const last = await rowsAt(to);
  const done = { from, to, changes, rows: last.rows };
  const isEqual = replay.at(to).equals(last.digest);
  const range = { first, last: to };
  const wrong = options.everyVersion
    ? await firstOf(range, isEqualAt)
    : isEqual
      ? undefined
      : await firstByHalves(range, isEqualAt);
  return { ...done, result: wrong === undefined ? 'equal' : await differenceOf(table, wrong) };
}

async function rangeOf(
  table: DeltaTable,
  options: VerifyOptions,
): Promise<{ readonly from: bigint | null; readonly to: bigint }> {
  const { first, last } = await table.versions();
  const to = options.to ?? last;
  const from = options.from ?? (first === 0n ? null : first);
  if (from === null || from < to) return { from, to };
  throw new DeltaError(
    'delta/version-missing',
    `There is no feed to replay between version ${from} and version ${to}`,
    { context: { from, to } },
  );
}

/** Rows of versions in the columns of version `to`, as the feed of a range up to it has them. */
async function versionRows(
  table: DeltaTable,
  replay: FeedReplay,
  to: bigint,
): Promise<(version: bigint) => Promise<RowSet>> {
  const projection = project(await table.snapshot({ version: to }));
  return async (version) => {
    const snapshot = await table.snapshot({ version });
    const reader = new DataFileReader(table.store, table.readOptions);
    const batches = async function* (): AsyncGenerator<ColumnBatch> {
      for (const file of snapshot.files()) yield* reader.liveRows(file, projection);
    };
    return replay.setOf(batches());
  };
}

interface Versions {
  readonly first: bigint;
  readonly last: bigint;
}

type IsEqualAt = (version: bigint) => Promise<boolean>;

/** The first version that is not equal, if there is one. */
async function firstOf(
  { first, last }: Versions,
  isEqualAt: IsEqualAt,
): Promise<bigint | undefined> {
  for (let version = first; version <= last; version++) {
    if (!(await isEqualAt(version))) return version;
  }
  return undefined;
}

/** A version that is not equal after one that is, given that the last one is not. */
async function firstByHalves({ first, last }: Versions, isEqualAt: IsEqualAt): Promise<bigint> {
  let [low, high] = [first, last];
  while (low < high) {
    const middle = (low + high) / 2n;
    if (await isEqualAt(middle)) low = middle + 1n;
    else high = middle;
  }
  return high;
}

/** Holds what happened to the rows in a version against what its feed says. */
async function differenceOf(table: DeltaTable, version: bigint): Promise<FeedDifference> {
  const surplus = new Map<string, number>();
  const count = (row: string, by: number): void => {
    surplus.set(row, (surplus.get(row) ?? 0) + by);
  };
  for await (const { isAfter, row } of realChanges(table, version)) count(row, isAfter ? 1 : -1);
  const feed = changedRows(table.changes({ from: { version }, to: { version } }));
  for await (const { changeType, fields, values } of feed) {
    count(canonicalRow(fields, values), isAfterImage(changeType) ? -1 : 1);
  }
  const rowsWith = (sign: 1 | -1): string[] =>
    Array.from(surplus)
      .filter(([, times]) => Math.sign(times) === sign)
      .slice(0, SHOWN)
      .map(([row]) => row);
  return { version, onlyInTable: rowsWith(1), onlyInFeed: rowsWith(-1) };
}

interface RealChange {
  /** Did the row come, or did it go? */
  readonly isAfter: boolean;
  readonly row: string;
}

async function* realChanges(table: DeltaTable, version: bigint): AsyncGenerator<RealChange> {
  if (version === 0n) {
    for await (const rows of table.rows({ version })) {
      for (let row = 0; row < rows.length; row++) {
        yield { isAfter: true, row: canonicalRow(rows.fields, rows.row(row)) };
      }
    }
    return;
  }
  for await (const rows of diffVersions(table, { from: version - 1n, to: version, key: [] })) {
    const fields = rows.fields.slice(0, -1);
    for (let row = 0; row < rows.length; row++) {
      const values = rows.row(row);
      const changeType = values.pop();
      yield { isAfter: changeType === 'insert', row: canonicalRow(fields, values) };
    }
  }
}
