import type { Field } from '@cdc-demo/cdc-core';
import type { ExactBound, LeafStatistics } from '@cdc-demo/lake-core';
import type { RowFormat } from './row-format.ts';
import { statisticsJson } from './statistics.ts';
import type { ColumnStatistics } from './statistics.ts';

/**
 * The `stats` of a data file from what its writer found. Leaves below lists and maps have none: a
 * row has any number of their values. Partition columns have none either, since the log has their
 * value.
 * @param leaves one for each leaf of the columns of `format`, in order
 */
export function fileStatistics(
  rows: number,
  { physical, partition }: RowFormat,
  leaves: readonly LeafStatistics[],
): string {
  const isPlain = physical.flatMap((field, i) => plainLeaves([field], !partition.includes(i)));
  return statisticsJson(rows, leaves.filter((_, i) => isPlain[i]).map(columnStatistics));
}

/** For each leaf in order: is there one value a row? */
function plainLeaves(fields: readonly Field[], isPlain: boolean): boolean[] {
  return fields.flatMap(({ type }) => {
    switch (type.kind) {
      case 'list':
        return plainLeaves([type.element], false);
      case 'map':
        return plainLeaves([type.key, type.value], false);
      case 'struct':
        return plainLeaves(type.fields, isPlain);
      default:
        return [isPlain];
    }
  });
}

/** Readers order NaN above or below all numbers: with one in a column no bound holds for all. */
function columnStatistics(leaf: LeafStatistics): ColumnStatistics {
  const { path, field, nullCount, nanCount } = leaf;
  const value = (bound: ExactBound): ColumnStatistics['min'] =>
    bound === 'none' || nanCount > 0 ? undefined : bound.exact;
  return { path, type: field.type, nullCount, min: value(leaf.min), max: value(leaf.max) };
}
