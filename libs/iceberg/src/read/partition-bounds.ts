import type { FieldType } from '@cdc-demo/cdc-core';
import { ALL_NULL, NO_BOUNDS, toComparable } from '@cdc-demo/lake-core';
import type { ColumnBounds, Comparable } from '@cdc-demo/lake-core';
import type { ContentFile } from '../manifest/manifest-file.ts';
import type { PartitionSpec } from '../metadata/partition-spec.ts';
import { fromAvro } from '../partition/partition-value.ts';
import { bucketOf, parseTransform, resultType, startOfUnit } from '../partition/transform.ts';
import type { Transform } from '../partition/transform.ts';

/** What transforms of a column say of its values in a file, each for itself. */
export function partitionBounds(
  { partition }: ContentFile,
  spec: PartitionSpec,
  { id, type }: { readonly id: number; readonly type: FieldType },
): readonly ColumnBounds[] {
  return spec.fields.flatMap(({ sourceIds, transform: text }, i) => {
    const transform = parseTransform(text);
    const isOfColumn = sourceIds.length === 1 && sourceIds[0] === id;
    if (!isOfColumn || !transform || transform.kind === 'void') return [];
    return [boundsOf(transform, type, partition[i])];
  });
}

function boundsOf(transform: Transform, type: FieldType, stored: unknown): ColumnBounds {
  const result = resultType(transform, type);
  if (!result) return NO_BOUNDS;
  const value = fromAvro(stored, result);
  // Nothing but NULL becomes NULL.
  if (value === null) return ALL_NULL;
  const { kind } = transform;
  switch (kind) {
    case 'bucket':
      return {
        ...NO_BOUNDS,
        nulls: 'none',
        mayBe: (wanted) =>
          isFraction(wanted) || bucketOf(type, wanted, transform.parameter) === value,
      };
    case 'truncate':
      return { ...truncatedBounds(toComparable(type, value), transform.parameter), nulls: 'none' };
    case 'year':
    case 'month':
    case 'day':
    case 'hour': {
      const [lower, next] = [0, 1].map((more) => {
        return startOfUnit(kind, type, (value as number) + more);
      });
      const upper = typeof next === 'bigint' ? next - 1n : (next ?? 0) - 1;
      return { lower, upper, nulls: 'none' };
    }
    default:
      return NO_BOUNDS;
  }
}

function isFraction(value: Comparable): boolean {
  return typeof value === 'number' && !Number.isInteger(value);
}

function truncatedBounds(
  lower: Comparable,
  width: number,
): { readonly lower: Comparable; readonly upper: Comparable | undefined } {
  if (lower instanceof Uint8Array) return { lower, upper: behindPrefix(lower) };
  return {
    lower,
    upper: typeof lower === 'bigint' ? lower + BigInt(width) - 1n : lower + width - 1,
  };
}

/** The least bytes that are behind all that begin with a prefix; undefined where there are none. */
function behindPrefix(prefix: Uint8Array): Uint8Array | undefined {
  const last = prefix.findLastIndex((byte) => byte < 0xff);
  if (last < 0) return undefined;
  const bytes = prefix.slice(0, last + 1);
  bytes[last] = (bytes[last] ?? 0) + 1;
  return bytes;
}
