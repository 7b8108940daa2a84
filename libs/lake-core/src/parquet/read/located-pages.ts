import { storedPageAt } from './chunk-pages.ts';
import type { ChunkPages, PageToRead } from './chunk-pages.ts';
import { pagesHolding } from './column-chunk.ts';
import type { PageLocation } from './column-chunk.ts';
import type { ByteRange, FetchedBytes } from './file-bytes.ts';
import { decodeDataPage, decodeDictionaryPage } from './page.ts';
import type { Page, PageSource, StoredPage } from './page.ts';
import type { PageCache } from './page-cache.ts';
import type { PlainValues } from './plain-values.ts';
import type { RowRuns } from './row-runs.ts';

/** A chunk whose pages are known. */
export interface LocatedChunk {
  readonly source: PageSource;
  readonly pages: readonly PageLocation[];
  /** Where a dictionary may be: between the start of the chunk and its first page. */
  readonly dictionary: ByteRange | undefined;
  /** Names the chunk in `cache`. */
  readonly key: string;
  readonly cache: PageCache | undefined;
}

interface WantedPage {
  readonly location: PageLocation;
  readonly key: string;
  readonly cached: Page | undefined;
}

/**
 * The pages of a chunk that hold wanted rows, from the cache or from the file. `ranges` have to be
 * fetched and given before the first page is asked for.
 */
export class LocatedPages implements ChunkPages {
  readonly ranges: readonly ByteRange[];
  readonly #chunk: LocatedChunk;
  readonly #wanted: readonly WantedPage[];
  #dictionary: PlainValues | undefined;
  #fetched: FetchedBytes | undefined;
  #next = 0;

  constructor(chunk: LocatedChunk, runs: RowRuns) {
    const { cache, pages, key } = chunk;
    this.#chunk = chunk;
    this.#dictionary = cache?.dictionary(key);
    this.#wanted = pagesHolding(runs, pages).flatMap((number) => {
      const location = pages[number];
      const pageKey = `${key}:${number}`;
      return location ? [{ location, key: pageKey, cached: cache?.page(pageKey) }] : [];
    });
    const missing = this.#wanted.filter(({ cached }) => !cached).map(({ location }) => location);
    const needsDictionary = chunk.dictionary && !this.#dictionary && missing.length > 0;
    this.ranges = needsDictionary ? [chunk.dictionary, ...missing] : missing;
  }

  get dictionary(): PlainValues | undefined {
    return this.#dictionary;
  }

  give(fetched: FetchedBytes): void {
    this.#fetched = fetched;
    const { source, dictionary, cache, key } = this.#chunk;
    if (!dictionary || this.ranges[0] !== dictionary) return;
    const page = this.#stored(dictionary);
    if (page.header.type !== 'DICTIONARY_PAGE') return;
    this.#dictionary = decodeDictionaryPage(source, page);
    cache?.keepDictionary(key, this.#dictionary);
  }

  next(): PageToRead | undefined {
    const wanted = this.#wanted[this.#next++];
    if (!wanted) return undefined;
    const { firstRow, endRow } = wanted.location;
    return { firstRow, rows: endRow - firstRow, decode: () => this.#decode(wanted) };
  }

  #decode({ location, key, cached }: WantedPage): Page {
    if (cached) return cached;
    const { source, cache } = this.#chunk;
    const page = decodeDataPage(source, this.#stored(location), this.#dictionary?.count ?? 0);
    cache?.keepPage(key, page);
    return page;
  }

  #stored(range: ByteRange): StoredPage {
    const { source, cache } = this.#chunk;
    const bytes = this.#fetched?.slice(range);
    if (!bytes) throw new Error('The bytes of this chunk were not given');
    const page = storedPageAt(bytes, 0, source.place);
    // A page that is kept must not keep all that was fetched with it.
    return cache ? { ...page, body: new Uint8Array(page.body) } : page;
  }
}
