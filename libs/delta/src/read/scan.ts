import type { Field } from '@cdc-demo/cdc-core';
import {
  NO_BOUNDS,
  bindPredicate,
  boundColumns,
  exactBounds,
  parsePredicate,
  possibleOutcomes,
  predicateColumns,
  toComparable,
} from '@cdc-demo/lake-core';
import type {
  BoundColumn,
  BoundPredicate,
  ColumnBounds,
  PossibleOutcomes,
  Predicate,
  RowPruning,
} from '@cdc-demo/lake-core';
import type { AddFile } from '../log/actions.ts';
import { supportedFields } from '../schema/supported-fields.ts';
import { FileStatistics } from './file-statistics.ts';
import { partitionValue } from './partition-value.ts';
import { project } from './projection.ts';
import type { Projection, RowLayout } from './projection.ts';

/** Columns to read, and which rows are wanted. */
export interface Scan extends Projection {
  /** So many of `fields` make up the result; those behind them are for the filter alone. */
  readonly outputs?: number;
  readonly filter?: RowFilter;
}

interface Wanted {
  readonly columns?: readonly string[] | undefined;
  readonly where?: Predicate | string | undefined;
}

/** @throws as `project`; LakeError `lake/predicate` */
export function planScan(layout: RowLayout, { columns, where }: Wanted, timeZone: string): Scan {
  const output = project(layout, columns);
  if (where === undefined) return output;
  const predicate =
    typeof where === 'string'
      ? parsePredicate(where, supportedFields(layout.schema).fields)
      : where;
  const names = new Set(output.fields.map(({ name }) => name.toLowerCase()));
  const added = predicateColumns(predicate).filter((name) => !names.has(name.toLowerCase()));
  const chosen = [...output.fields.map(({ name }) => name), ...added];
  const projection = added.length === 0 ? output : project(layout, chosen);
  const filter = new RowFilter(bindPredicate(predicate, projection.fields), projection, timeZone);
  return { ...projection, outputs: output.fields.length, filter };
}

/** Where the values of a column of the predicate come from. */
type Origin =
  | { readonly kind: 'partition'; readonly physical: Field }
  | { readonly kind: 'data'; readonly names: readonly string[]; readonly path: readonly number[] };

/**
 * Which rows of a table are wanted, and which of its files, row groups and pages need not be looked
 * at for that: by partition values, by `stats`, and by the statistics within files.
 */
export class RowFilter {
  readonly predicate: BoundPredicate;
  readonly #columns: readonly { readonly column: BoundColumn; readonly origin: Origin }[];
  readonly #timeZone: string;

  /** @param predicate bound to the fields of `projection` */
  constructor(predicate: BoundPredicate, projection: Projection, timeZone: string) {
    this.predicate = predicate;
    this.#timeZone = timeZone;
    this.#columns = boundColumns(predicate).map((column) => ({
      column,
      origin: originOf(column, projection),
    }));
  }

  /**
   * What the rows of a file may come to.
   * @throws DeltaError `delta/partition-value`
   */
  outcomes(file: Pick<AddFile, 'partitionValues' | 'stats'>): PossibleOutcomes {
    const bounds = this.#fileBounds(file);
    return possibleOutcomes(this.predicate, (column) => bounds.get(keyOf(column)) ?? NO_BOUNDS);
  }

  /** What a reader of the file may leave out. */
  pruning(file: Pick<AddFile, 'partitionValues' | 'stats'>): RowPruning {
    const known = this.#fileBounds(file);
    const inFile = this.#columns.flatMap(({ column, origin }) =>
      origin.kind === 'data' ? [{ key: keyOf(column), path: origin.path }] : [],
    );
    const mayMatch = (found: readonly ColumnBounds[]): boolean => {
      const bounds = new Map(known);
      inFile.forEach(({ key }, i) => bounds.set(key, narrowed(found[i], known.get(key))));
      const boundsOf = (column: BoundColumn): ColumnBounds =>
        bounds.get(keyOf(column)) ?? NO_BOUNDS;
      return possibleOutcomes(this.predicate, boundsOf).someMatch;
    };
    return { columns: inFile.map(({ path }) => path), mayMatch };
  }

  #fileBounds({
    partitionValues,
    stats,
  }: Pick<AddFile, 'partitionValues' | 'stats'>): ReadonlyMap<string, ColumnBounds> {
    let statistics: FileStatistics | undefined;
    const boundsOf = ({ type }: BoundColumn, origin: Origin): ColumnBounds => {
      if (origin.kind === 'data') {
        statistics ??= new FileStatistics(stats);
        return statistics.bounds(origin.names, type);
      }
      const value = partitionValue(partitionValues, origin.physical, this.#timeZone);
      return exactBounds(value === null ? undefined : toComparable(type, value));
    };
    return new Map(
      this.#columns.map(({ column, origin }) => [keyOf(column), boundsOf(column, origin)]),
    );
  }
}

function keyOf({ path }: BoundColumn): string {
  return path.join('.');
}

/** What is known inside of a file, and of the file as a whole where that says nothing. */
function narrowed(found: ColumnBounds = NO_BOUNDS, known: ColumnBounds = NO_BOUNDS): ColumnBounds {
  return {
    lower: found.lower ?? known.lower,
    upper: found.upper ?? known.upper,
    nulls: found.nulls === 'unknown' ? known.nulls : found.nulls,
  };
}

function originOf({ path: [at = -1, ...below] }: BoundColumn, projection: Projection): Origin {
  const partition = projection.partition.find((column) => column.at === at);
  if (partition) return { kind: 'partition', physical: partition.physical };
  const index = projection.data.findIndex((column) => column.at === at);
  const names: string[] = [];
  let field: Field | undefined = projection.data[index]?.physical;
  if (field) names.push(field.name);
  for (const step of below) {
    field = field?.type.kind === 'struct' ? field.type.fields[step] : undefined;
    if (field) names.push(field.name);
  }
  return { kind: 'data', names, path: [index, ...below] };
}
