import type { Field } from '@cdc-demo/cdc-core';
import type { ExactBound, LeafStatistics } from '@cdc-demo/lake-core';
import { boundBytes } from './single-value.ts';

interface Entry<V> {
  readonly key: number;
  readonly value: V;
}

/** The metrics of a data file by field id, as a manifest has them ("Data File Fields"). */
export interface FileMetricsRecord {
  readonly column_sizes: readonly Entry<bigint>[];
  readonly value_counts: readonly Entry<bigint>[];
  readonly null_value_counts: readonly Entry<bigint>[];
  readonly nan_value_counts: readonly Entry<bigint>[];
  readonly lower_bounds: readonly Entry<Buffer>[];
  readonly upper_bounds: readonly Entry<Buffer>[];
}

/**
 * What the writer of a file found. Below lists and maps a row has any number of values: those
 * columns have a size and nothing else.
 */
export function fileMetrics(
  fields: readonly Field[],
  leaves: readonly LeafStatistics[],
): FileMetricsRecord {
  const plain = new Set(plainIds(fields));
  const counted = leaves.filter(({ field }) => plain.has(field.id));
  const count = (
    of: (leaf: LeafStatistics) => number,
    among: readonly LeafStatistics[] = counted,
  ): Entry<bigint>[] => among.map((leaf) => ({ key: leaf.field.id, value: BigInt(of(leaf)) }));
  return {
    column_sizes: count(({ bytes }) => bytes, leaves),
    value_counts: count(({ valueCount }) => valueCount),
    null_value_counts: count(({ nullCount }) => nullCount),
    nan_value_counts: count(
      ({ nanCount }) => nanCount,
      counted.filter(({ field }) => field.type.kind === 'float'),
    ),
    lower_bounds: counted.flatMap((leaf) => bound(leaf, leaf.min, 'lower')),
    upper_bounds: counted.flatMap((leaf) => bound(leaf, leaf.max, 'upper')),
  };
}

function bound(
  { field }: LeafStatistics,
  value: ExactBound,
  side: 'lower' | 'upper',
): readonly Entry<Buffer>[] {
  if (value === 'none') return [];
  const bytes = boundBytes(field.type, value.exact, side);
  return bytes ? [{ key: field.id, value: bytes }] : [];
}

/** Ids of the leaves that have one value a row. */
function plainIds(fields: readonly Field[]): number[] {
  return fields.flatMap(({ id, type }) => {
    switch (type.kind) {
      case 'list':
      case 'map':
        return [];
      case 'struct':
        return plainIds(type.fields);
      default:
        return [id];
    }
  });
}
