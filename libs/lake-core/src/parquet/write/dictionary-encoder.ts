import type { LeafType } from '../format/schema-element.ts';
import { BytesDictionary } from './bytes-dictionary.ts';
import { bitWidth } from './hybrid-encoding.ts';
import type { SmallIntegers } from './hybrid-encoding.ts';
import type { PageValues } from './page-values.ts';
import type { ValueDictionary } from './value-dictionary.ts';
import { WordDictionary } from './word-dictionary.ts';

const MAX_VALUES = 1 << 16;
const MAX_BYTES = 1 << 20;
/** What dictionary and indexes together may take of the space of PLAIN values. */
const MAX_SHARE = 0.75;
/** Space that a dictionary page takes besides its values. */
const PAGE_BYTES = 64;

/**
 * Decides page by page whether the values of a column chunk go through a dictionary. The first page
 * is the sample. Once a page does not pay, it and all later ones of the chunk are PLAIN.
 */
export class DictionaryEncoder {
  readonly #dictionary: ValueDictionary;
  #indexes = new Int32Array(0);
  #open = true;
  /** What the pages encoded so far hold: values, in both encodings, and distinct values. */
  #count = 0;
  #plainBytes = 0;
  #indexBytes = 0;
  #distinct = 0;
  #distinctBytes = 0;

  constructor(dictionary: ValueDictionary) {
    this.#dictionary = dictionary;
  }

  /** An encoder for one chunk of a leaf, or 'none' where a dictionary never pays. */
  static open(type: LeafType): DictionaryEncoder | 'none' {
    switch (type.physical) {
      case 'BOOLEAN':
        return 'none';
      case 'INT32':
      case 'FLOAT':
        return new DictionaryEncoder(new WordDictionary(1));
      case 'INT64':
      case 'DOUBLE':
        return new DictionaryEncoder(new WordDictionary(2));
      case 'BYTE_ARRAY':
      case 'FIXED_LEN_BYTE_ARRAY':
        return new DictionaryEncoder(new BytesDictionary(type.width));
    }
  }

  /** Distinct values of the pages that were encoded. */
  get distinct(): number {
    return this.#distinct;
  }

  /** The distinct values in PLAIN encoding; a view. */
  plain(): Uint8Array {
    return this.#dictionary.plain(this.#distinct);
  }

  /** The page's values as numbers of distinct values (a view, until the next page), or 'plain'. */
  encode(values: PageValues): SmallIntegers | 'plain' {
    const { count } = values;
    if (!this.#open || count === 0) return 'plain';
    if (this.#indexes.length < count) this.#indexes = new Int32Array(count);
    const limit = Math.min(MAX_VALUES, (this.#count + count) >> 1);
    const indexes = this.#indexes;
    this.#open = this.#dictionary.encode(values.plain(), { indexes, count, limit });
    if (!this.#open) return 'plain';
    const width = bitWidth(this.#dictionary.size - 1);
    const indexBytes = (count * width) / 8;
    this.#open = this.#pays(values.byteSize, indexBytes);
    if (!this.#open) return 'plain';
    this.#count += count;
    this.#plainBytes += values.byteSize;
    this.#indexBytes += indexBytes;
    this.#distinct = this.#dictionary.size;
    this.#distinctBytes = this.#dictionary.byteSize;
    return { values: indexes, count, width };
  }

  /** Does the page take less space this way, and do all pages together take clearly less? */
  #pays(plainBytes: number, indexBytes: number): boolean {
    const bytes = this.#dictionary.byteSize;
    if (bytes > MAX_BYTES || bytes - this.#distinctBytes + indexBytes > plainBytes) return false;
    const all = bytes + this.#indexBytes + indexBytes + PAGE_BYTES;
    return all <= MAX_SHARE * (this.#plainBytes + plainBytes);
  }
}
