import { applyFeed, netChanges, replay, sortedFeed } from '../history/net-changes.ts';
import type { FeedRow } from '../history/net-changes.ts';
import type { RowText } from '../history/row-text.ts';
import { normalRow } from '../history/source-history.ts';
import type { RecordedChange, RecordedTable, SourceRecord } from '../history/source-record.ts';
import type { Lake, LakeTable } from './lake.ts';

/** What always holds, whatever failed. */
export type Invariant =
  /** The rows of the newest version are the source's at its position. */
  | 'rows'
  /** Each version's feed is the source's history between two positions, netted. */
  | 'feed'
  /** Positions never go back. */
  | 'order'
  /** What the source may forget is in the progress; what that says is in every table. */
  | 'progress'
  /** Every file that a version refers to is there. */
  | 'files'
  /** What crashes leave behind is bounded. */
  | 'orphans'
  /** Without new changes nothing is committed. */
  | 'idle';

export interface Violation {
  readonly invariant: Invariant;
  readonly table: string;
  readonly version: bigint | undefined;
  readonly wanted: readonly string[];
  readonly found: readonly string[];
}

export interface CheckOptions {
  /** `now`: the tables hold everything that the source has. `earlier`: an end of its history. */
  readonly upTo: 'now' | 'earlier';
  /** Files of one table that may be left behind. */
  readonly maxOrphans: number;
}

/** How far a table was compared. */
interface Checked {
  version: bigint;
  position: bigint;
  rows: ReadonlyMap<string, RowText>;
}

/**
 * Compares what a pipeline wrote with the source's own record. Nothing may write meanwhile to the
 * lake; the source may go on where `upTo` is `earlier`. Versions are compared once each.
 */
export class InvariantChecker {
  readonly #history: SourceRecord;
  readonly #lake: Lake;
  readonly #checked = new Map<string, Checked>();

  constructor(history: SourceRecord, lake: Lake) {
    this.#history = history;
    this.#lake = lake;
  }

  async check(options: CheckOptions): Promise<Violation[]> {
    // The source is asked first: what it forgets later is in the progress by then.
    const confirmed = await this.#lake.confirmed();
    const progress = await this.#lake.progress();
    const violations: Violation[] = [];
    if (confirmed !== undefined && progress !== undefined && confirmed > progress) {
      const [wanted, found] = [[`≤ ${progress}`], [String(confirmed)]];
      violations.push({ invariant: 'progress', table: '', version: undefined, wanted, found });
    }
    const history = await this.#history.read();
    for (const table of this.#history.tables) {
      const own = history.filter((change) => change.table === table.name);
      violations.push(...(await this.#checkTable(table, own, { ...options, progress })));
    }
    return violations;
  }

  async #checkTable(
    table: RecordedTable,
    history: readonly RecordedChange[],
    options: CheckOptions & { readonly progress: bigint | undefined },
  ): Promise<Violation[]> {
    const lake = this.#lake.table(table.name);
    const versions = await lake.versions();
    const newest = versions.at(-1);
    const at = { table: table.name, version: newest };
    const found = [...compare({ invariant: 'files', ...at }, [], await lake.missingFiles())];
    const orphans = await lake.orphans();
    if (orphans.length > options.maxOrphans) {
      const wanted = [`at most ${options.maxOrphans}`];
      found.push({ invariant: 'orphans', ...at, wanted, found: orphans });
    }
    const { progress = -1n, upTo } = options;
    if (newest === undefined) {
      const isPromised = upTo === 'now' || progress >= 0n;
      return isPromised
        ? [...found, ...compare({ invariant: 'rows', ...at }, ['a table'], [])]
        : found;
    }
    const checked = this.#checked.get(table.name) ?? {
      version: -1n,
      position: -1n,
      rows: new Map(),
    };
    this.#checked.set(table.name, checked);
    for (const version of versions.filter((each) => each > checked.version)) {
      found.push(
        ...(await checkVersion({ table, lake, history, version, checked }, this.#history)),
      );
    }
    const stored = (await lake.rows(newest)).map((row) => normalRow(row, table));
    found.push(...compare({ invariant: 'rows', ...at }, [...checked.rows.values()], stored));
    const missed = history.filter(
      ({ endLsn }) => endLsn > checked.position && (upTo === 'now' || endLsn <= progress),
    );
    // Work that nets to nothing needs no version.
    const lost = sortedFeed(netChanges(checked.rows, missed, table.key));
    found.push(...compare({ invariant: 'progress', ...at }, [], lost));
    if (upTo === 'now') {
      const source = [...(await this.#history.rows(table)).values()];
      found.push(...compare({ invariant: 'rows', ...at }, source, stored));
    }
    return found;
  }
}

interface VersionCheck {
  readonly table: RecordedTable;
  readonly lake: LakeTable;
  readonly history: readonly RecordedChange[];
  readonly version: bigint;
  readonly checked: Checked;
}

/** Compares one version with the one before, and moves on to it. */
async function checkVersion(
  { table, lake, history, version, checked }: VersionCheck,
  source: SourceRecord,
): Promise<Violation[]> {
  const at = { table: table.name, version };
  const position = (await lake.position(version)) ?? checked.position;
  const found: Violation[] = [];
  if (position < checked.position) {
    const [wanted, got] = [[`≥ ${checked.position}`], [String(position)]];
    found.push({ invariant: 'order', ...at, wanted, found: got });
  }
  const between = history.filter(({ endLsn }) => endLsn > checked.position && endLsn <= position);
  const isFirst = checked.version < 0n;
  const net = isFirst
    ? inserted(replay(source.initial(table), between, table.key))
    : netChanges(checked.rows, between, table.key);
  const feed = (await lake.feed(version)).map(
    ({ type, row }): FeedRow => ({ type, row: normalRow(row, table) }),
  );
  const wanted = lake.tellsEqualRows === false ? withoutEqualRows(net) : net;
  found.push(...compare({ invariant: 'feed', ...at }, sortedFeed(wanted), sortedFeed(feed)));
  checked.rows = applyFeed(checked.rows, net, table.key);
  checked.version = version;
  checked.position = position;
  return found;
}

/** @param net the two rows of an update one behind the other */
function withoutEqualRows(net: readonly FeedRow[]): readonly FeedRow[] {
  const isEqual = (a: FeedRow | undefined, b: FeedRow | undefined): boolean =>
    a?.type === 'update_preimage' && b?.type === 'update_postimage' && a.row === b.row;
  return net.filter((row, i) => !isEqual(row, net[i + 1]) && !isEqual(net[i - 1], row));
}

function inserted(rows: ReadonlyMap<string, RowText>): FeedRow[] {
  return [...rows.values()].map((row) => ({ type: 'insert', row }));
}

function compare(
  what: Pick<Violation, 'invariant' | 'table' | 'version'>,
  wanted: readonly string[],
  found: readonly string[],
): Violation[] {
  const [a, b] = [[...wanted].sort(), [...found].sort()];
  if (a.length === b.length && a.every((text, i) => text === b[i])) return [];
  const missing = without(a, b);
  const extra = without(b, a);
  return [{ ...what, wanted: missing, found: extra }];
}

/** The texts of `a` that `b` has not, as often as it has not. */
function without(a: readonly string[], b: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const text of b) left.set(text, (left.get(text) ?? 0) + 1);
  return a.filter((text) => {
    const count = left.get(text) ?? 0;
    left.set(text, count - 1);
    return count <= 0;
  });
}
