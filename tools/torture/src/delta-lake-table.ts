import { parsePosition } from '@cdc-demo/cdc-core';
import type { FeedRow } from '@cdc-demo/cdc-testing';
import { DeltaTable } from '@cdc-demo/delta';
import { commitForeignVersion } from './foreign-version.ts';
import { readLogEntry } from './log-entry.ts';
import type { LogEntry } from './log-entry.ts';
import { filesIn, linesOf, textOf } from './written-lake.ts';
import type { WrittenTable } from './written-lake.ts';

/** A Delta table. Log entries are read once. */
export class DeltaLakeTable implements WrittenTable {
  readonly location: string;
  readonly #entries = new Map<bigint, LogEntry>();

  constructor(location: string) {
    this.location = location;
  }

  async versions(): Promise<readonly bigint[]> {
    const names = await filesIn(`${this.location}/_delta_log`);
    return names
      .filter((name) => /^\d{20}\.json$/.test(name))
      .sort()
      .map((name) => BigInt(name.slice(0, 20)));
  }

  async position(version: bigint): Promise<bigint | undefined> {
    const { position } = await this.#entry(version);
    return position === undefined ? undefined : parsePosition(position).lsn;
  }

  async feed(version: bigint): Promise<FeedRow[]> {
    const table = await DeltaTable.open(this.location);
    const lines = await linesOf(table.changes({ from: { version }, to: { version } }));
    return lines.map((line) => {
      const { _change_type, _commit_version, _commit_timestamp, ...row } = JSON.parse(line) as {
        readonly _change_type: FeedRow['type'];
        readonly _commit_version: number;
        readonly _commit_timestamp: string;
      };
      return { type: _change_type, row: JSON.stringify(row) };
    });
  }

  async rows(version: bigint): Promise<string[]> {
    const table = await DeltaTable.open(this.location);
    return linesOf(table.rows({ version }));
  }

  async missingFiles(): Promise<string[]> {
    const there = new Set(await filesIn(this.location));
    return [...(await this.#referenced())].filter((path) => !there.has(path));
  }

  overtake(): Promise<void> {
    return commitForeignVersion(this);
  }

  async orphans(): Promise<string[]> {
    const referenced = await this.#referenced();
    const own =
      /^_delta_log\/(\d{20}\.json|\d{20}\.checkpoint\.parquet|\d{20}\.crc|_last_checkpoint)$/;
    return (await filesIn(this.location)).filter(
      (path) => !referenced.has(path) && !own.test(path),
    );
  }

  async #referenced(): Promise<Set<string>> {
    const paths = new Set<string>();
    for (const version of await this.versions()) {
      for (const file of (await this.#entry(version)).files) paths.add(file);
    }
    return paths;
  }

  async #entry(version: bigint): Promise<LogEntry> {
    const known = this.#entries.get(version);
    if (known) return known;
    const key = `_delta_log/${version.toString().padStart(20, '0')}.json`;
    const entry = readLogEntry(await textOf(this.location, key));
    this.#entries.set(version, entry);
    return entry;
  }
}
