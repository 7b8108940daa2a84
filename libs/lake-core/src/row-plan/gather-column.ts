import {
  BooleanColumn,
  BytesColumn,
  FixedBytesColumn,
  FloatColumn,
  Int32Column,
  Int64Column,
  ListColumn,
  MapColumn,
  StructColumn,
  UNCHANGED,
  createColumn,
  describeType,
} from '@cdc-demo/cdc-core';
import type { Column, FieldType } from '@cdc-demo/cdc-core';
import type { RowRefs } from './row-plan.ts';

/** From this length on a call that copies is faster than a loop. */
const CALL_COPY_BYTES = 48;

/**
 * A new column of the rows that `refs` names: row i is row refs.row[i] of
 * sources[refs.source[i]]. A row past the end of its source is NULL, so that an empty column
 * stands for one that has no values.
 * @throws TypeError when a source is not of `type`; Error when a row is UNCHANGED.
 */
export function gatherColumn(type: FieldType, sources: readonly Column[], refs: RowRefs): Column {
  const out = gatherValues(type, sources, refs);
  gatherPresence(sources, refs, out.presence);
  out.length = refs.length;
  return out;
}

function gatherPresence(sources: readonly Column[], refs: RowRefs, out: Uint8Array): void {
  const presences = sources.map((column) => column.presence.subarray(0, column.length));
  const { source, row, length } = refs;
  let seen = 0;
  for (let i = 0; i < length; i++) {
    const presence = presences[source[i] ?? 0]?.[row[i] ?? 0] ?? 0;
    seen |= presence;
    out[i] = presence;
  }
  if ((seen & UNCHANGED) !== 0) throw new Error('A row to be written has an UNCHANGED value');
}

function gatherValues(type: FieldType, sources: readonly Column[], refs: RowRefs): Column {
  const { length } = refs;
  switch (type.kind) {
    case 'list':
      return gatherList(type, only(ListColumn, sources), refs);
    case 'map':
      return gatherMap(type, only(MapColumn, sources), refs);
    case 'struct': {
      const structs = only(StructColumn, sources);
      const fields = type.fields.map((field, k) => {
        return gatherColumn(
          field.type,
          childrenOf(structs, (struct) => struct.fields[k]),
          refs,
        );
      });
      return new StructColumn(type, fields, length);
    }
    default:
  }
  const out = createColumn(type, length);
  if (out instanceof BytesColumn) gatherBytes(only(BytesColumn, sources), refs, out);
  else if (out instanceof Int64Column) gatherWords(only(Int64Column, sources), refs, out);
  else if (out instanceof FixedBytesColumn) gatherFixed(only(FixedBytesColumn, sources), refs, out);
  else if (out instanceof Int32Column) {
    const values = only(Int32Column, sources).map((column) => column.values);
    gatherInt32(values, refs, out.values);
  } else if (out instanceof BooleanColumn) {
    const values = only(BooleanColumn, sources).map((column) => column.values);
    gatherBooleans(values, refs, out.values);
  } else if (out instanceof FloatColumn) {
    const values = only(FloatColumn, sources).map((column) => column.values);
    gatherFloats(values, refs, out.values);
  }
  return out;
}

/** The sources as columns of one class. */
function only<T extends Column>(
  kind: abstract new (...args: never[]) => T,
  sources: readonly Column[],
): T[] {
  return sources.map((column) => {
    if (column instanceof kind) return column;
    throw new TypeError(`A ${describeType(column.type)} column cannot be gathered with others`);
  });
}

function gatherInt32(sources: readonly Int32Array[], refs: RowRefs, out: Int32Array): void {
  const { source, row, length } = refs;
  for (let i = 0; i < length; i++) out[i] = sources[source[i] ?? 0]?.[row[i] ?? 0] ?? 0;
}

function gatherBooleans(sources: readonly Uint8Array[], refs: RowRefs, out: Uint8Array): void {
  const { source, row, length } = refs;
  for (let i = 0; i < length; i++) out[i] = sources[source[i] ?? 0]?.[row[i] ?? 0] ?? 0;
}

type Floats = Float32Array | Float64Array;

function gatherFloats(sources: readonly Floats[], refs: RowRefs, out: Floats): void {
  const { source, row, length } = refs;
  for (let i = 0; i < length; i++) out[i] = sources[source[i] ?? 0]?.[row[i] ?? 0] ?? 0;
}

function gatherWords(columns: readonly Int64Column[], refs: RowRefs, out: Int64Column): void {
  const sources = columns.map((column) => column.words);
  const { words } = out;
  const { source, row, length } = refs;
  for (let i = 0; i < length; i++) {
    const from = sources[source[i] ?? 0];
    const at = (row[i] ?? 0) * 2;
    words[i * 2] = from?.[at] ?? 0;
    words[i * 2 + 1] = from?.[at + 1] ?? 0;
  }
}

function gatherFixed(
  columns: readonly FixedBytesColumn[],
  refs: RowRefs,
  out: FixedBytesColumn,
): void {
  const sources = columns.map((column) => column.data);
  const isWords = out.width % 4 === 0 && sources.every((data) => data.byteOffset % 4 === 0);
  if (isWords)
    copyUnits(sources.map(wordsOf), refs, { units: wordsOf(out.data), unit: out.width / 4 });
  else copyUnits(sources, refs, { units: out.data, unit: out.width });
}

function wordsOf(data: Uint8Array): Uint32Array {
  return new Uint32Array(data.buffer, data.byteOffset, data.length >>> 2);
}

type Units = Uint8Array | Uint32Array;

/** Copies rows of `unit` elements each. */
function copyUnits(
  sources: readonly Units[],
  refs: RowRefs,
  to: { readonly units: Units; readonly unit: number },
): void {
  const { units, unit } = to;
  const { source, row, length } = refs;
  let at = 0;
  for (let i = 0; i < length; i++) {
    const from = sources[source[i] ?? 0];
    const start = (row[i] ?? 0) * unit;
    for (let k = start; k < start + unit; k++) units[at++] = from?.[k] ?? 0;
  }
}

function gatherBytes(columns: readonly BytesColumn[], refs: RowRefs, out: BytesColumn): void {
  // Without the room behind the last row, where an end would be no end.
  const sources = columns.map((column) => column.ends.subarray(0, column.length + 1));
  const { source, row, length } = refs;
  const { ends } = out;
  let total = 0;
  for (let i = 0; i < length; i++) {
    const from = sources[source[i] ?? 0];
    const at = row[i] ?? 0;
    total += (from?.[at + 1] ?? 0) - (from?.[at + 1] === undefined ? 0 : (from[at] ?? 0));
    ends[i + 1] = total;
  }
  if (total > 0xffff_ffff) throw new RangeError('A column of bytes holds at most 4 GiB');
  const data = new Uint8Array(total);
  out.data = data;
  for (let i = 0; i < length; ) {
    // Rows that lie side by side are copied together.
    const number = source[i] ?? 0;
    const first = row[i] ?? 0;
    let next = i + 1;
    while (next < length && source[next] === number && row[next] === first + next - i) next++;
    const bytes = (ends[next] ?? 0) - (ends[i] ?? 0);
    const column = columns[number];
    if (bytes > 0 && column) {
      copyBytes(column.data, column.ends[first] ?? 0, { data, at: ends[i] ?? 0, bytes });
    }
    i = next;
  }
}

interface Copy {
  readonly data: Uint8Array;
  readonly at: number;
  readonly bytes: number;
}

function copyBytes(source: Uint8Array, start: number, to: Copy): void {
  const { data, bytes } = to;
  if (bytes < CALL_COPY_BYTES) {
    let { at } = to;
    for (let k = start; k < start + bytes; k++) data[at++] = source[k] ?? 0;
  } else {
    data.set(source.subarray(start, start + bytes), to.at);
  }
}

function gatherList(
  type: FieldType & { kind: 'list' },
  lists: ListColumn[],
  refs: RowRefs,
): Column {
  const { offsets, children } = spread(lists, refs);
  const elements = childrenOf(lists, (list) => list.element);
  const element = gatherColumn(type.element.type, elements, children);
  const out = new ListColumn(type, element, refs.length);
  out.offsets = offsets;
  return out;
}

function gatherMap(type: FieldType & { kind: 'map' }, maps: MapColumn[], refs: RowRefs): Column {
  const { offsets, children } = spread(maps, refs);
  const key = gatherColumn(
    type.key.type,
    childrenOf(maps, (map) => map.key),
    children,
  );
  const value = gatherColumn(
    type.value.type,
    childrenOf(maps, (map) => map.val),
    children,
  );
  const out = new MapColumn(type, { key, value }, refs.length);
  out.offsets = offsets;
  return out;
}

function childrenOf<T>(columns: readonly T[], child: (column: T) => Column | undefined): Column[] {
  return columns.map((column) => {
    const found = child(column);
    if (found) return found;
    throw new TypeError('A struct column has fewer fields than its type');
  });
}

interface Spread {
  readonly offsets: Uint32Array;
  readonly children: RowRefs;
}

/** The children of the rows of lists or maps, one reference for each child. */
function spread(columns: readonly (ListColumn | MapColumn)[], refs: RowRefs): Spread {
  const sources = columns.map((column) => column.offsets.subarray(0, column.length + 1));
  const offsets = new Uint32Array(refs.length + 1);
  const spanOf = (i: number): readonly [number, number] => {
    const from = sources[refs.source[i] ?? 0];
    const end = from?.[(refs.row[i] ?? 0) + 1];
    return end === undefined ? [0, 0] : [from?.[refs.row[i] ?? 0] ?? 0, end];
  };
  let total = 0;
  for (let i = 0; i < refs.length; i++) {
    const [start, end] = spanOf(i);
    total += end - start;
    offsets[i + 1] = total;
  }
  const children = {
    length: total,
    source: new Uint32Array(total),
    row: new Uint32Array(total),
  };
  for (let i = 0; i < refs.length; i++) {
    const [start] = spanOf(i);
    const first = offsets[i] ?? 0;
    children.source.fill(refs.source[i] ?? 0, first, offsets[i + 1]);
    for (let k = first; k < (offsets[i + 1] ?? 0); k++) children.row[k] = start + k - first;
  }
  return { offsets, children };
}
