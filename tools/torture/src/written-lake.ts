import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { canonicalRow, parseLsn } from '@cdc-demo/cdc-core';
import type { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Lake, LakeTable, Queries } from '@cdc-demo/cdc-testing';
import { openObjectStore } from '@cdc-demo/object-store';
import { ProgressLog } from '@cdc-demo/pipeline';
import { defaultSlotName } from '@cdc-demo/postgres';

/** A table that a pipeline writes. */
export interface WrittenTable extends LakeTable {
  /** Path of a local folder, or `s3://bucket/prefix`. */
  readonly location: string;
  /** Commits a version of somebody else's that changes no row; nothing where there is no table. */
  overtake(): Promise<void>;
}

export interface WrittenLakeOptions {
  /** Path or `s3://bucket/prefix`; each table has a folder of its name below it. */
  readonly folder: string;
  readonly pipeline: string;
  readonly open: (location: string, name: string) => WrittenTable;
  /** The position up to which the source may forget, by the source itself. */
  readonly confirmed: () => Promise<bigint | undefined>;
}

/** What one pipeline writes. */
export class WrittenLake implements Lake {
  readonly #options: WrittenLakeOptions;
  readonly #tables = new Map<string, WrittenTable>();

  constructor(options: WrittenLakeOptions) {
    this.#options = options;
  }

  table(name: string): WrittenTable {
    const { open, folder } = this.#options;
    const known = this.#tables.get(name) ?? open(`${folder}/${name}`, name);
    this.#tables.set(name, known);
    return known;
  }

  async progress(): Promise<bigint | undefined> {
    const { folder, pipeline } = this.#options;
    const store = openObjectStore(`${folder}/_cdc_demo/${pipeline}`);
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

export function isOnS3(folder: string): boolean {
  return folder.startsWith('s3:');
}

/**
 * Files in a folder and below it, relative to it, temporary ones included; none when it is not
 * there.
 * @param folder a path, or `s3://bucket/prefix`
 */
export async function filesIn(folder: string): Promise<string[]> {
  if (isOnS3(folder)) {
    const keys: string[] = [];
    for await (const { key } of openObjectStore(folder).list('')) keys.push(key);
    return keys;
  }
  return (await entriesOf(folder)).flatMap((entry) =>
    entry.isFile() ? [relative(folder, join(entry.parentPath, entry.name))] : [],
  );
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { recursive: true, withFileTypes: true });
  } catch (error) {
    if ((error as { readonly code?: string }).code === 'ENOENT') return [];
    throw error;
  }
}

/** @throws where there is no such file */
export async function textOf(folder: string, key: string): Promise<string> {
  const bytes = await openObjectStore(folder).get(key);
  if (!bytes) throw new Error(`${folder} has no ${key}`);
  return Buffer.from(bytes).toString('utf8');
}

/** Rows as canonical JSON. */
export async function linesOf(batches: AsyncIterable<ColumnBatch>): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of batches) {
    for (let row = 0; row < batch.length; row++) {
      lines.push(canonicalRow(batch.fields, batch.row(row)));
    }
  }
  return lines;
}
