import type { ColumnChunk } from 'hyparquet';
import { SequentialPages } from './chunk-pages.ts';
import type { ChunkPages } from './chunk-pages.ts';
import { chunkRange, offsetIndexRange, parseOffsetIndex } from './column-chunk.ts';
import type { ChunkRange, PageLocation } from './column-chunk.ts';
import type { Decompressors } from './decompress.ts';
import type { FileBytes } from './file-bytes.ts';
import type { RowGroup } from './footer.ts';
import { LocatedPages } from './located-pages.ts';
import type { PageSource } from './page.ts';
import type { PageCache } from './page-cache.ts';
import { plannedLeaves } from './read-plan.ts';
import type { ColumnPlan, LeafPlan } from './read-plan.ts';
import { RowGroupCursor } from './row-group-cursor.ts';
import type { FooterStatistics } from './raw-statistics.ts';
import { rowsIn } from './row-runs.ts';
import type { RowRuns } from './row-runs.ts';

/** What is known of an open file beside its footer. */
export interface OpenFile {
  readonly bytes: FileBytes;
  readonly decompressors: Decompressors;
  readonly statistics: FooterStatistics;
  /** Offset indexes that were read, by row group and column. */
  readonly offsetIndexes: Map<string, readonly PageLocation[]>;
}

/** What to read of a row group. */
export interface RowGroupRead {
  readonly group: RowGroup;
  readonly plans: readonly ColumnPlan[];
  readonly runs: RowRuns;
  /** Where decoded pages are kept; for reads that may want them again. */
  readonly cache?: PageCache | undefined;
  /** See `RowsRead`. */
  readonly gapBytes?: number | undefined;
}

/**
 * A cursor over a row group for the rows of `runs`: only their pages are read where the file has
 * an offset index, else whole columns.
 */
export async function openRowGroup(file: OpenFile, read: RowGroupRead): Promise<RowGroupCursor> {
  const chunks = plannedLeaves(read.plans).map(({ plan }) => chunkOf(plan, read.group));
  if (rowsIn(read.runs) < read.group.rows) await loadOffsetIndexes(file, read.group, chunks);
  const located = new Map<LeafPlan, LocatedPages>();
  const whole: Chunk[] = [];
  for (const chunk of chunks) {
    const pages = locatedPages(file, read, chunk);
    if (pages) located.set(chunk.leaf, pages);
    else whole.push(chunk);
  }
  const ranges = [...located.values()].flatMap((pages) => pages.ranges);
  const wanted = [...ranges, ...whole.map(({ range }) => range)];
  const fetched = await file.bytes.read(wanted, read.gapBytes);
  const pages = new Map<LeafPlan, ChunkPages>(located);
  for (const locatedOnes of located.values()) locatedOnes.give(fetched);
  for (const chunk of whole) {
    const { leaf, range } = chunk;
    const bytes = fetched.slice(range);
    pages.set(leaf, new SequentialPages(sourceOf(file, chunk), bytes, range.entries));
  }
  return new RowGroupCursor(read.plans, pages);
}

/** A leaf and its values in one row group. */
interface Chunk {
  readonly leaf: LeafPlan;
  readonly chunk: ColumnChunk;
  readonly range: ChunkRange;
}

function chunkOf(leaf: LeafPlan, group: RowGroup): Chunk {
  const { node, place } = leaf;
  const chunk = group.chunks[node.column];
  const path = chunk?.meta_data?.path_in_schema.join('.');
  if (!chunk || (path !== undefined && path !== node.path.join('.'))) {
    throw place.corrupt('its row groups have other columns than its schema');
  }
  return { leaf, chunk, range: chunkRange(chunk, place) };
}

function indexKey(group: RowGroup, { node }: LeafPlan): string {
  return `${group.index}:${node.column}`;
}

/** The offset indexes of chunks that have one, read unless they were before. */
export async function loadOffsetIndexes(
  file: OpenFile,
  group: RowGroup,
  chunks: readonly Pick<Chunk, 'leaf' | 'chunk'>[],
): Promise<ReadonlyMap<LeafPlan, readonly PageLocation[]>> {
  const wanted = chunks.flatMap(({ leaf, chunk }) => {
    const range = offsetIndexRange(chunk);
    const key = indexKey(group, leaf);
    return range && !file.offsetIndexes.has(key) ? [{ key, leaf, range }] : [];
  });
  const fetched = await file.bytes.read(wanted.map(({ range }) => range));
  for (const { key, leaf, range } of wanted) {
    const index = parseOffsetIndex(fetched.slice(range), group.rows, leaf.place);
    file.offsetIndexes.set(key, index);
  }
  const loaded = new Map<LeafPlan, readonly PageLocation[]>();
  for (const { leaf } of chunks) {
    const index = file.offsetIndexes.get(indexKey(group, leaf));
    if (index) loaded.set(leaf, index);
  }
  return loaded;
}

/** The pages of the wanted rows, or undefined where the chunk has to be read as a whole. */
function locatedPages(file: OpenFile, read: RowGroupRead, chunk: Chunk): LocatedPages | undefined {
  const { leaf, range } = chunk;
  const key = indexKey(read.group, leaf);
  const pages = file.offsetIndexes.get(key);
  const [first] = pages ?? [];
  if (!pages || !first || rowsIn(read.runs) === read.group.rows) return undefined;
  const located = {
    source: sourceOf(file, chunk),
    pages,
    dictionary: first.start > range.start ? { start: range.start, end: first.start } : undefined,
    key: `${leaf.place.file}\n${key}`,
    cache: read.cache,
  };
  return new LocatedPages(located, read.runs);
}

function sourceOf({ decompressors }: OpenFile, { leaf, chunk }: Chunk): PageSource {
  const { node, stored, place } = leaf;
  const codec = chunk.meta_data?.codec ?? 'UNCOMPRESSED';
  if (chunk.meta_data?.type !== stored.physical) {
    throw place.corrupt('its row groups have another type than its schema');
  }
  const decompress = decompressors.get(codec);
  if (!decompress) throw place.unsupported(`it is compressed with ${codec}`);
  return { node, stored, codec, decompress, place };
}
