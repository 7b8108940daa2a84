import { readFile } from 'node:fs/promises';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { IcebergTable } from '@cdc-demo/iceberg';
import type { ContentFile } from '@cdc-demo/iceberg';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { parquetMetadata, readOffsetIndex } from 'hyparquet';
import type { BenchResult } from './bench-result.ts';
import { CountedStore } from './counted-store.ts';
import { SinkUnderTest, updatesOf } from './sink-under-test.ts';

type Say = (line: string) => void;

const CHANGED = 1000;
const RANGES = 20;

/** How much of a large Iceberg table is read for the changes of one commit, by bytes. */
export async function incrementalRead(rows: number, say: Say): Promise<BenchResult[]> {
  say(`writing ${rows.toLocaleString('en')} rows`);
  await using table = await SinkUnderTest.create('iceberg', rows);
  say(`${CHANGED} rows in ${RANGES} key ranges`);
  const first = { table, rows, from: table.snapshot.version };
  const ranges = await readOf(first, idsInRanges(rows));
  say(`${CHANGED} rows anywhere`);
  const random = await readOf({ table, rows, from: ranges.version }, idsAnywhere(rows));
  return [...figuresOf('ranges', ranges), ...figuresOf('random', random)];
}

interface Read {
  readonly version: bigint;
  readonly seconds: number;
  readonly bytes: number;
  readonly requests: number;
  readonly tableBytes: number;
  readonly pageBytes: number;
}

async function readOf(
  { table, rows, from }: { table: SinkUnderTest; rows: number; from: bigint },
  ids: readonly number[],
): Promise<Read> {
  const { version } = await table.commit(updatesOf(ids));
  const store = new CountedStore(new LocalObjectStore(table.folder));
  const started = performance.now();
  const opened = await IcebergTable.open(store);
  let changes = 0;
  const range = { from: { snapshotId: from }, to: { snapshotId: version } };
  for await (const { length } of opened.changes(range)) changes += length;
  const seconds = (performance.now() - started) / 1000;
  if (changes !== 2 * ids.length) throw new Error(`${changes} rows of ${ids.length} updates`);
  const { log, data } = store.reads;
  const { sizeInBytes } = await opened.info({ snapshotId: version });
  const before = await opened.files({ snapshotId: from });
  const known = new Set(before.map(({ path }) => path));
  const added = (await opened.files({ snapshotId: version })).filter(({ path, content }) => {
    return content === 'data' && !known.has(path);
  });
  const old = await Promise.all(
    before.filter(({ content }) => content === 'data').map((file) => pagesOf(file, { ids, rows })),
  );
  const created = added.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  return {
    version,
    seconds,
    bytes: log.bytes + data.bytes,
    requests: log.requests + data.requests,
    tableBytes: sizeInBytes,
    pageBytes: old.reduce((sum, bytes) => sum + bytes, created),
  };
}

/**
 * Bytes of the pages of a file, dictionaries among them, that hold rows of `ids`, by the offset
 * indexes. The rows of the table's first files lie in the order of their ids.
 */
async function pagesOf(
  { path, firstRowId = 0n, recordCount }: ContentFile,
  { ids, rows }: { readonly ids: readonly number[]; readonly rows: number },
): Promise<number> {
  const first = Number(firstRowId);
  if (first >= rows) return 0;
  const positions = ids
    .map((id) => id - 1 - first)
    .filter((row) => row >= 0 && row < recordCount)
    .sort((a, b) => a - b);
  const file = await readFile(path.startsWith('file:') ? fileURLToPath(path) : path);
  const length = file.readUInt32LE(file.length - 8) + 8;
  const buffer = new Uint8Array(file.subarray(file.length - length)).buffer;
  let bytes = 0;
  let groupStart = 0;
  for (const { num_rows: count, columns } of parquetMetadata(buffer).row_groups) {
    const groupEnd = groupStart + Number(count);
    const inGroup = positions.filter((row) => row >= groupStart && row < groupEnd);
    for (const {
      meta_data: chunk,
      offset_index_offset: at,
      offset_index_length: size,
    } of columns) {
      if (inGroup.length === 0 || !chunk || at === undefined || size === undefined) continue;
      const index = new Uint8Array(file.subarray(Number(at), Number(at) + size)).buffer;
      const { page_locations: pages } = readOffsetIndex({ view: new DataView(index), offset: 0 });
      const firstPage = Number(pages[0]?.offset ?? 0);
      bytes += firstPage - Math.min(firstPage, Number(chunk.dictionary_page_offset ?? firstPage));
      pages.forEach(({ first_row_index: start, compressed_page_size: pageBytes }, i) => {
        const from = groupStart + Number(start);
        const to = groupStart + Number(pages[i + 1]?.first_row_index ?? count);
        if (inGroup.some((row) => row >= from && row < to)) bytes += pageBytes;
      });
    }
    groupStart = groupEnd;
  }
  return bytes;
}

/** Ranges of consecutive ids, spread over the table. */
function idsInRanges(rows: number): number[] {
  const each = CHANGED / RANGES;
  return Array.from({ length: CHANGED }, (_, i) => {
    const range = Math.floor(i / each);
    return Math.floor((range * rows) / RANGES) + Math.floor(rows / RANGES / 3) + (i % each) + 1;
  });
}

/** Ids without order or repetition, none of them in a range. */
function idsAnywhere(rows: number): number[] {
  const taken = new Set(idsInRanges(rows));
  const ids = new Set<number>();
  for (let n = 1; ids.size < CHANGED; n++) {
    const id = (Math.imul(n, 0x9e3779b1) >>> 0) % rows;
    if (id > 0 && !taken.has(id)) ids.add(id);
  }
  return [...ids];
}

function figuresOf(name: string, read: Read): BenchResult[] {
  const limits = [
    { suffix: '', limit: read.tableBytes, what: 'all that the table has' },
    { suffix: '-pages', limit: read.pageBytes, what: 'the pages that hold the rows' },
  ];
  return limits.map(({ suffix, limit, what }) => ({
    name: `incremental-read-${name}${suffix}`,
    value: read.bytes / 1e6,
    unit: 'MB',
    limit: limit / 1e6,
    ratio: limit / read.bytes,
    cpuSeconds: null,
    peakMemoryBytes: process.resourceUsage().maxRSS * 1024,
    note:
      `${CHANGED} changed rows in ${read.seconds.toFixed(2)} s and ${read.requests} requests, ` +
      `metadata included; limit: ${what}, of which it is ${(read.bytes / limit).toFixed(4)}`,
  }));
}
