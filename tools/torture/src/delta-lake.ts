import type { Dirent } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { canonicalRow, parseLsn, parsePosition } from '@cdc-demo/cdc-core';
import type { ColumnBatch } from '@cdc-demo/cdc-core';
import type { FeedRow, Lake, LakeTable, Queries } from '@cdc-demo/cdc-testing';
import { DeltaTable } from '@cdc-demo/delta';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { ProgressLog } from '@cdc-demo/pipeline';
import { defaultSlotName } from '@cdc-demo/postgres';
import { readLogEntry } from './log-entry.ts';
import type { LogEntry } from './log-entry.ts';

export interface DeltaLakeOptions {
  /** Each table has a folder of its name below it. */
  readonly folder: string;
  readonly pipeline: string;
  /** The position up to which the source may forget, by the source itself. */
  readonly confirmed: () => Promise<bigint | undefined>;
}

/** What one pipeline writes in Delta format, in local files. */
export class DeltaLake implements Lake {
  readonly #options: DeltaLakeOptions;
  readonly #tables = new Map<string, DeltaLakeTable>();

  constructor(options: DeltaLakeOptions) {
    this.#options = options;
  }

  table(name: string): DeltaLakeTable {
    const known = this.#tables.get(name) ?? new DeltaLakeTable(join(this.#options.folder, name));
    this.#tables.set(name, known);
    return known;
  }

  async progress(): Promise<bigint | undefined> {
    const { folder, pipeline } = this.#options;
    const store = new LocalObjectStore(join(folder, '_cdc_demo', pipeline));
    const record = await new ProgressLog(store, () => '').peek();
    return record?.stage.kind === 'streaming' ? record.stage.position.lsn : undefined;
  }

  confirmed(): Promise<bigint | undefined> {
    return this.#options.confirmed();
  }
}

/** What Postgres may forget of its log, as far as a pipeline is concerned. */
export async function confirmedPosition(
  client: Queries,
  pipeline: string,
): Promise<bigint | undefined> {
  const { rows } = await client.query<{ lsn: string | null }>(
    'SELECT confirmed_flush_lsn AS lsn FROM pg_replication_slots WHERE slot_name = $1',
    [defaultSlotName(pipeline)],
  );
  const lsn = rows[0]?.lsn ?? undefined;
  return lsn === undefined ? undefined : parseLsn(lsn);
}

/** A Delta table in a local folder. Log entries are read once. */
export class DeltaLakeTable implements LakeTable {
  readonly path: string;
  readonly #entries = new Map<bigint, LogEntry>();

  constructor(path: string) {
    this.path = path;
  }

  async versions(): Promise<readonly bigint[]> {
    const entries = await entriesOf(join(this.path, '_delta_log'));
    return entries
      .map(({ name }) => name)
      .filter((name) => /^\d{20}\.json$/.test(name))
      .sort()
      .map((name) => BigInt(name.slice(0, 20)));
  }

  async position(version: bigint): Promise<bigint | undefined> {
    const { position } = await this.#entry(version);
    return position === undefined ? undefined : parsePosition(position).lsn;
  }

  async feed(version: bigint): Promise<FeedRow[]> {
    const table = await DeltaTable.open(this.path);
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
    const table = await DeltaTable.open(this.path);
    return linesOf(table.rows({ version }));
  }

  async missingFiles(): Promise<string[]> {
    const there = new Set(await this.#files());
    return [...(await this.#referenced())].filter((path) => !there.has(path));
  }

  async orphans(): Promise<string[]> {
    const referenced = await this.#referenced();
    const own =
      /^_delta_log\/(\d{20}\.json|\d{20}\.checkpoint\.parquet|\d{20}\.crc|_last_checkpoint)$/;
    return (await this.#files()).filter((path) => !referenced.has(path) && !own.test(path));
  }

  async #referenced(): Promise<Set<string>> {
    const paths = new Set<string>();
    for (const version of await this.versions()) {
      for (const file of (await this.#entry(version)).files) paths.add(file);
    }
    return paths;
  }

  async #files(): Promise<string[]> {
    const found = await entriesOf(this.path, true);
    return found.flatMap((entry) =>
      entry.isFile() ? [relative(this.path, join(entry.parentPath, entry.name))] : [],
    );
  }

  async #entry(version: bigint): Promise<LogEntry> {
    const known = this.#entries.get(version);
    if (known) return known;
    const name = `${version.toString().padStart(20, '0')}.json`;
    const entry = readLogEntry(await readFile(join(this.path, '_delta_log', name), 'utf8'));
    this.#entries.set(version, entry);
    return entry;
  }
}

/** What is in a folder; nothing when it is not there. */
async function entriesOf(folder: string, recursive = false): Promise<Dirent[]> {
  try {
    return await readdir(folder, { recursive, withFileTypes: true });
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'ENOENT') return [];
    throw error;
  }
}

async function linesOf(batches: AsyncIterable<ColumnBatch>): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of batches) {
    for (let row = 0; row < batch.length; row++) {
      lines.push(canonicalRow(batch.fields, batch.row(row)));
    }
  }
  return lines;
}
