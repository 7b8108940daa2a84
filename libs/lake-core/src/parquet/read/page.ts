import { isCdcError } from '@cdc-demo/cdc-core';
import type { CompressionCodec, Encoding, PageHeader } from 'hyparquet';
import type { Decompress } from './decompress.ts';
import { plainBytesOf } from './foreign-encodings.ts';
import { decodeHybrid, singleRun } from './hybrid-decoding.ts';
import { PlainValues } from './plain-values.ts';
import type { Place } from './place.ts';
import type { SchemaNode } from './schema-node.ts';
import type { StoredType } from './stored-type.ts';

/** A data page, decoded as far as every use of it needs. */
export interface Page {
  /** Values and NULLs, and what stands for absent or empty lists. */
  readonly entries: number;
  /** One definition level an entry; undefined when all are at their maximum. */
  readonly definitions: Uint8Array | undefined;
  /** One repetition level an entry; undefined for a column that does not repeat. */
  readonly repetitions: Uint8Array | undefined;
  /** Values themselves, or indexes into the dictionary, all within it. */
  readonly values: PlainValues | Uint32Array;
}

/** A column chunk as far as its pages need it. */
export interface PageSource {
  readonly node: SchemaNode;
  readonly stored: StoredType;
  readonly codec: CompressionCodec;
  readonly decompress: Decompress;
  readonly place: Place;
}

/** A page as it stands in the file. */
export interface StoredPage {
  readonly header: PageHeader;
  readonly body: Uint8Array;
}

/** Memory that a page keeps alive. */
export function pageByteSize({ values, definitions, repetitions }: Page): number {
  const levels = (definitions?.length ?? 0) + (repetitions?.length ?? 0);
  return levels + (values instanceof PlainValues ? values.byteSize : values.byteLength);
}

/** @param dictionarySize values in the chunk's dictionary, 0 where there is none */
export function decodeDataPage(source: PageSource, page: StoredPage, dictionarySize: number): Page {
  try {
    const sections = page.header.data_page_header_v2
      ? sectionsOfV2(source, page)
      : sectionsOfV1(source, page);
    return pageOf(source, sections, dictionarySize);
  } catch (error) {
    throw isCdcError(error) ? error : source.place.corrupt('a page cannot be decoded', error);
  }
}

export function decodeDictionaryPage(source: PageSource, page: StoredPage): PlainValues {
  const { place } = source;
  try {
    const { header, body } = page;
    const count = header.dictionary_page_header?.num_values;
    if (count === undefined) throw place.corrupt('a dictionary has no header');
    const bytes = inflated(source, body, header.uncompressed_page_size);
    return PlainValues.of(source.stored, { bytes, count }, place);
  } catch (error) {
    throw isCdcError(error) ? error : place.corrupt('a dictionary cannot be decoded', error);
  }
}

/** The parts of a page, none of them compressed. */
interface Sections {
  readonly entries: number;
  readonly encoding: Encoding;
  readonly repetitions: Uint8Array;
  readonly definitions: Uint8Array;
  readonly values: Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** Levels and values are compressed together, levels come with their length before them. */
function sectionsOfV1(source: PageSource, { header, body }: StoredPage): Sections {
  const { place, node } = source;
  const page = header.data_page_header;
  if (!page) throw place.corrupt('a page has no header');
  const bytes = inflated(source, body, header.uncompressed_page_size);
  let at = 0;
  const levels = (encoding: Encoding): Uint8Array => {
    if (encoding !== 'RLE') throw place.unsupported(`its levels are encoded as ${encoding}`);
    if (at + 4 > bytes.length) throw place.corrupt('a page is too short');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const start = at + 4;
    at = start + view.getUint32(at, true);
    if (at > bytes.length) throw place.corrupt('a page is too short');
    return bytes.subarray(start, at);
  };
  const repetitions = node.repetition > 0 ? levels(page.repetition_level_encoding) : NOTHING;
  const definitions = node.definition > 0 ? levels(page.definition_level_encoding) : NOTHING;
  const values = bytes.subarray(at);
  return { entries: page.num_values, encoding: page.encoding, repetitions, definitions, values };
}

/** Levels stand uncompressed before the values. */
function sectionsOfV2(source: PageSource, { header, body }: StoredPage): Sections {
  const page = header.data_page_header_v2;
  if (!page) throw source.place.corrupt('a page has no header');
  const middle = page.repetition_levels_byte_length;
  const end = middle + page.definition_levels_byte_length;
  if (end > body.length) throw source.place.corrupt('a page is too short');
  const rest = body.subarray(end);
  const size = header.uncompressed_page_size - end;
  const isCompressed = page.is_compressed !== false;
  const values = isCompressed ? inflated(source, rest, size) : rest;
  const repetitions = body.subarray(0, middle);
  const definitions = body.subarray(middle, end);
  return { entries: page.num_values, encoding: page.encoding, repetitions, definitions, values };
}

function inflated(source: PageSource, bytes: Uint8Array, size: number): Uint8Array {
  // What is empty is often left out instead of being compressed.
  const inflatedBytes = size === 0 ? NOTHING : source.decompress(bytes, size);
  if (inflatedBytes.length !== size) {
    throw source.place.corrupt('a page has another size than it says');
  }
  return inflatedBytes;
}

function pageOf(source: PageSource, sections: Sections, dictionarySize: number): Page {
  const { node } = source;
  const { entries } = sections;
  const repetitions =
    node.repetition > 0 ? levelsOf(sections.repetitions, entries, node.repetition) : undefined;
  const { definitions, present } = definitionsOf(source, sections);
  const values = valuesOf(source, { ...sections, present }, dictionarySize);
  return { entries, definitions, repetitions, values };
}

function definitionsOf(
  { node, place }: PageSource,
  { definitions: bytes, entries }: Sections,
): { definitions: Uint8Array | undefined; present: number } {
  const max = node.definition;
  const all = { definitions: undefined, present: entries };
  if (max === 0) return all;
  const runs = { bytes, at: 0, end: bytes.length, width: 32 - Math.clz32(max) };
  if (singleRun(runs, entries) === max) return all;
  const definitions = levelsOf(bytes, entries, max);
  let present = 0;
  for (const level of definitions) {
    if (level === max) present++;
    else if (level > max) throw place.corrupt('a page has a level beyond its maximum');
  }
  return present === entries ? all : { definitions, present };
}

function levelsOf(bytes: Uint8Array, entries: number, max: number): Uint8Array {
  const levels = new Uint8Array(entries);
  decodeHybrid({ bytes, at: 0, end: bytes.length, width: 32 - Math.clz32(max) }, levels);
  return levels;
}

function valuesOf(
  source: PageSource,
  sections: Sections & { readonly present: number },
  dictionarySize: number,
): PlainValues | Uint32Array {
  const { stored, place } = source;
  const { values: bytes, present: count, encoding } = sections;
  if (count === 0) return PlainValues.of(stored, { bytes: NOTHING, count }, place);
  switch (encoding) {
    case 'PLAIN':
      return PlainValues.of(stored, { bytes, count }, place);
    case 'PLAIN_DICTIONARY':
    case 'RLE_DICTIONARY':
      return indexesOf({ bytes, count, dictionarySize }, place);
    case 'RLE': {
      if (stored.physical !== 'BOOLEAN') break;
      const booleans = new Uint8Array(count);
      decodeHybrid({ bytes, at: 4, end: bytes.length, width: 1 }, booleans);
      return PlainValues.ofBooleans(booleans);
    }
    default: {
      const plain = plainBytesOf(stored, { bytes, encoding, count });
      if (plain) return PlainValues.of(stored, { bytes: plain, count }, place);
    }
  }
  throw place.unsupported(`its values are encoded as ${encoding}`);
}

function indexesOf(
  { bytes, count, dictionarySize }: { bytes: Uint8Array; count: number; dictionarySize: number },
  place: Place,
): Uint32Array {
  const [width] = bytes;
  if (width === undefined || width > 32) throw place.corrupt('a page has no width of indexes');
  const indexes = new Uint32Array(count);
  decodeHybrid({ bytes, at: 1, end: bytes.length, width }, indexes);
  let greatest = 0;
  for (const index of indexes) if (index > greatest) greatest = index;
  if (greatest >= dictionarySize) throw place.corrupt('a page points beyond its dictionary');
  return indexes;
}
