import type { ExactJsonObject } from '@cdc-demo/lake-core';
import { listSchema, mapSchema, optional, recordSchema, required } from '../avro/record-schema.ts';
import type { RecordField } from '../avro/record-schema.ts';

/** Versions of the format that are written. */
export type WrittenVersion = 2 | 3;

const FIELD_SUMMARY = recordSchema('r508', [
  required('contains_null', 'boolean', 509),
  optional('contains_nan', 'boolean', 518),
  optional('lower_bound', 'bytes', 510),
  optional('upper_bound', 'bytes', 511),
]);

const MANIFEST_FILE: readonly RecordField[] = [
  required('manifest_path', 'string', 500),
  required('manifest_length', 'long', 501),
  required('partition_spec_id', 'int', 502),
  required('content', 'int', 517),
  required('sequence_number', 'long', 515),
  required('min_sequence_number', 'long', 516),
  required('added_snapshot_id', 'long', 503),
  required('added_files_count', 'int', 504),
  required('existing_files_count', 'int', 505),
  required('deleted_files_count', 'int', 506),
  required('added_rows_count', 'long', 512),
  required('existing_rows_count', 'long', 513),
  required('deleted_rows_count', 'long', 514),
  optional('partitions', listSchema(FIELD_SUMMARY, 508), 507),
  optional('key_metadata', 'bytes', 519),
];
const MANIFEST_FIRST_ROW_ID = optional('first_row_id', 'long', 520);

const ENTRY: readonly RecordField[] = [
  required('status', 'int', 0),
  optional('snapshot_id', 'long', 1),
  optional('sequence_number', 'long', 3),
  optional('file_sequence_number', 'long', 4),
];

const WHICH_FILE: readonly RecordField[] = [
  required('content', 'int', 134),
  required('file_path', 'string', 100),
  required('file_format', 'string', 101),
];
const SIZES: readonly RecordField[] = [
  required('record_count', 'long', 103),
  required('file_size_in_bytes', 'long', 104),
];
const METRICS: readonly RecordField[] = [
  optional('column_sizes', mapSchema(117, 118, 'long'), 108),
  optional('value_counts', mapSchema(119, 120, 'long'), 109),
  optional('null_value_counts', mapSchema(121, 122, 'long'), 110),
  optional('nan_value_counts', mapSchema(138, 139, 'long'), 137),
  optional('lower_bounds', mapSchema(126, 127, 'bytes'), 125),
  optional('upper_bounds', mapSchema(129, 130, 'bytes'), 128),
  optional('key_metadata', 'bytes', 131),
  optional('split_offsets', listSchema('long', 133), 132),
  optional('equality_ids', listSchema('int', 136), 135),
  optional('sort_order_id', 'int', 140),
];
const REFERENCED_DATA_FILE = optional('referenced_data_file', 'string', 143);
/** What only the third version has. */
const THIRD_VERSION: readonly RecordField[] = [
  optional('first_row_id', 'long', 142),
  optional('content_offset', 'long', 144),
  optional('content_size_in_bytes', 'long', 145),
];

/** Fields of the records of a manifest list (table specification, "Manifest Lists"). */
export function manifestFileFields(version: WrittenVersion): readonly RecordField[] {
  return version === 3 ? [...MANIFEST_FILE, MANIFEST_FIRST_ROW_ID] : MANIFEST_FILE;
}

/** Fields of a data file ("Data File Fields"), the partition's left out. */
export function dataFileFields(version: WrittenVersion): readonly RecordField[] {
  const own = version === 3 ? THIRD_VERSION : [];
  return [...WHICH_FILE, ...SIZES, ...METRICS, REFERENCED_DATA_FILE, ...own];
}

/**
 * Of a manifest ("Manifest Entry Fields"), with the record of its files' partitions. Names of
 * records are those that Iceberg's own library gives: some readers look for them.
 */
export function manifestEntrySchema(
  version: WrittenVersion,
  partition: ExactJsonObject,
): ExactJsonObject {
  const file = recordSchema('r2', [
    ...WHICH_FILE,
    required('partition', partition, 102),
    ...dataFileFields(version).slice(WHICH_FILE.length),
  ]);
  return recordSchema('manifest_entry', [...ENTRY, required('data_file', file, 2)]);
}

export function manifestListSchema(version: WrittenVersion): ExactJsonObject {
  return recordSchema('manifest_file', manifestFileFields(version));
}
