import type { Field } from '@cdc-demo/cdc-core';
import { isJsonObject, parseExactJson } from '@cdc-demo/lake-core';
import type {
  AddFile,
  DomainMetadata,
  PartitionValues,
  Protocol,
  StringMap,
  Txn,
} from './log/actions.ts';
import type { Snapshot } from './snapshot/snapshot.ts';

/** A count that rests on statistics, which not every file has. */
export type RecordCount =
  | { readonly kind: 'exact'; readonly records: number }
  | { readonly kind: 'unknown' };

/** What a table is at one version, as plain data. */
export interface TableInfo {
  readonly id: string;
  readonly name: string | undefined;
  readonly description: string | undefined;
  readonly version: bigint;
  readonly timestampMs: number;
  readonly createdMs: number | undefined;
  /** Columns whose type is not supported have no field; `unsupportedColumns` names them. */
  readonly fields: readonly Field[];
  readonly unsupportedColumns: readonly string[];
  readonly partitionColumns: readonly string[];
  readonly configuration: StringMap;
  readonly protocol: Protocol;
  readonly fileCount: number;
  readonly sizeInBytes: number;
  readonly deletionVectorCount: number;
  readonly records: RecordCount;
  readonly transactions: readonly Txn[];
  readonly domains: readonly DomainMetadata[];
}

/** A live data file, as plain data. */
export interface FileInfo {
  readonly path: string;
  readonly size: number;
  readonly modificationMs: number;
  readonly partitionValues: PartitionValues;
  /** Rows without the deleted ones. */
  readonly records: RecordCount;
  readonly deletedRecords: number;
}

export function fileInfo(add: AddFile): FileInfo {
  return {
    path: add.path,
    size: add.size,
    modificationMs: add.modificationTime,
    partitionValues: add.partitionValues,
    records: recordsOf(add),
    deletedRecords: add.deletionVector?.cardinality ?? 0,
  };
}

/** Live rows of the files together, where each of them has a count. */
export function countRecords(snapshot: Snapshot): RecordCount {
  let records = 0;
  for (const add of snapshot.files()) {
    const count = recordsOf(add);
    if (count.kind === 'unknown') return count;
    records += count.records;
  }
  return { kind: 'exact', records };
}

/** Rows of a file, deleted ones included; undefined where its statistics do not say. */
export function countPhysicalRecords({ stats }: AddFile): number | undefined {
  return stats === undefined ? undefined : numRecords(stats);
}

function recordsOf(add: AddFile): RecordCount {
  const { deletionVector } = add;
  const physical = countPhysicalRecords(add);
  if (physical === undefined) return { kind: 'unknown' };
  return { kind: 'exact', records: physical - (deletionVector?.cardinality ?? 0) };
}

/** Statistics that are no JSON are as good as none. */
function numRecords(stats: string): number | undefined {
  try {
    const json = parseExactJson(stats);
    const count = isJsonObject(json) ? json['numRecords'] : undefined;
    return typeof count === 'number' ? count : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
