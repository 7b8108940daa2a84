import type { Field } from '@cdc-demo/cdc-core';
import type { ExactJsonObject } from '@cdc-demo/lake-core';
import type { MetadataUpdate } from '../catalog/metadata-update.ts';
import { IcebergError } from '../errors.ts';
import type { PartitionField, PartitionSpec } from '../metadata/partition-spec.ts';
import type { TableMetadata } from '../metadata/table-metadata.ts';
import { formatTransform, parseTransform, resultType } from './transform.ts';
import type { Transform } from './transform.ts';

/** A partition field that somebody wants. */
interface Term {
  readonly column: Field;
  readonly transform: Transform;
}

/** Ids of partition fields begin behind it. */
export const NO_PARTITION_ID = 999;

const CALL = /^\s*(\w+)\s*\(\s*(?:(\d+)\s*,\s*)?(.+?)\s*\)\s*$/;
const FORMS = 'a column, bucket(16, column), truncate(4, column), year, month, day or hour(column)';

/**
 * The spec of a new table.
 * @param partitionBy columns, or transforms of columns: `region`, `bucket(16, id)`,
 * `truncate(4, name)`, `year(at)`, `month(at)`, `day(at)`, `hour(at)`
 * @throws IcebergError `iceberg/partition-column`
 */
export function newSpec(partitionBy: readonly string[], fields: readonly Field[]): PartitionSpec {
  return specOf(0, termsOf(partitionBy, fields), { specs: [], lastPartitionId: NO_PARTITION_ID });
}

/**
 * What makes new files of a table be parted in a way: nothing when they are already. Files that are
 * there keep their spec.
 * @throws IcebergError `iceberg/partition-column`
 */
export function partitionUpdates(
  metadata: TableMetadata,
  partitionBy: readonly string[],
  fields: readonly Field[],
): readonly MetadataUpdate[] {
  return specUpdates(metadata, termsOf(partitionBy, fields));
}

/**
 * The same where columns went: new files are parted by the others.
 * @param fields the columns that are left
 */
export function partitionUpdatesWithout(
  metadata: TableMetadata,
  fields: readonly Field[],
): readonly MetadataUpdate[] {
  const spec = metadata.specs.find(({ id }) => id === metadata.defaultSpecId);
  const kept = (spec?.fields ?? []).filter(({ sourceIds }) => hasColumn(fields, sourceIds));
  return kept.length === spec?.fields.length ? [] : specUpdates(metadata, kept);
}

/** Are all columns of a wanted partitioning there? */
export function hasColumnsOf(partitionBy: readonly string[], fields: readonly Field[]): boolean {
  const names = new Set(fields.map(({ name }) => name));
  return partitionBy.every((text) => names.has(text) || names.has(CALL.exec(text)?.[3] ?? ''));
}

/** A spec as metadata has it (table specification, "Appendix C: Partition Specs"). */
export function formatSpec({ id, fields }: PartitionSpec): ExactJsonObject {
  return { 'spec-id': id, fields: formatSpecFields(fields) };
}

/** The fields alone, as a manifest has them. */
export function formatSpecFields(fields: readonly PartitionField[]): readonly ExactJsonObject[] {
  return fields.map(({ fieldId, sourceIds, name, transform }) => ({
    ...(sourceIds.length === 1
      ? { 'source-id': sourceIds[0] ?? 0 }
      : { 'source-ids': [...sourceIds] }),
    'field-id': fieldId,
    name,
    transform,
  }));
}

type WantedField = Omit<PartitionField, 'fieldId'>;

function specUpdates(
  metadata: TableMetadata,
  wanted: readonly (Term | PartitionField)[],
): readonly MetadataUpdate[] {
  const { specs, defaultSpecId } = metadata;
  const id = Math.max(...specs.map((spec) => spec.id)) + 1;
  const spec = specOf(id, wanted, metadata);
  const known = specs.find((each) => sameFields(each.fields, spec.fields));
  if (known?.id === defaultSpecId) return [];
  const chosen: MetadataUpdate = { action: 'set-default-spec', 'spec-id': known?.id ?? id };
  return known ? [chosen] : [{ action: 'add-spec', spec: formatSpec(spec) }, chosen];
}

/** A field that any spec of the table has keeps its id ("Partition Evolution"). */
function specOf(
  id: number,
  wanted: readonly (Term | PartitionField)[],
  { specs, lastPartitionId }: Pick<TableMetadata, 'specs' | 'lastPartitionId'>,
): PartitionSpec {
  const known = specs.flatMap(({ fields }) => fields);
  let last = lastPartitionId;
  const fields = wanted.map((each): PartitionField => {
    const field: WantedField = 'column' in each ? fieldOf(each) : each;
    const same = known.find((other) => isSame(other, field));
    return { ...field, fieldId: same?.fieldId ?? ++last };
  });
  return { id, fields };
}

function fieldOf({ column, transform }: Term): WantedField {
  const { kind } = transform;
  const suffix = kind === 'truncate' ? 'trunc' : kind;
  const parts = [
    column.name,
    ...(kind === 'identity' ? [] : [suffix]),
    ...('parameter' in transform ? [String(transform.parameter)] : []),
  ];
  return { sourceIds: [column.id], name: parts.join('_'), transform: formatTransform(transform) };
}

function isSame(a: WantedField, b: WantedField): boolean {
  const isOfSame = a.sourceIds.join(' ') === b.sourceIds.join(' ');
  return isOfSame && a.transform === b.transform && a.name === b.name;
}

function sameFields(a: readonly PartitionField[], b: readonly PartitionField[]): boolean {
  return a.length === b.length && a.every((field, i) => b[i] && isSame(field, b[i]));
}

function termsOf(partitionBy: readonly string[], fields: readonly Field[]): readonly Term[] {
  const terms = partitionBy.map((text) => termOf(text, fields));
  const names = terms.map((term) => fieldOf(term).name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return terms;
  throw refused(`The table would be partitioned twice by ${twice}`, twice);
}

function termOf(text: string, fields: readonly Field[]): Term {
  const plain = fields.find(({ name }) => name === text);
  const [, kind = 'identity', parameter, name = text] = plain ? [] : (CALL.exec(text) ?? []);
  const column = fields.find((field) => field.name === name);
  if (!column) throw refused(`There is no column ${name} to partition by`, name);
  const transform = parseTransform(parameter === undefined ? kind : `${kind}[${parameter}]`);
  if (!transform || transform.kind === 'void') {
    throw refused(`The table cannot be partitioned by ${text}: write ${FORMS}`, name);
  }
  if (resultType(transform, column.type)) return { column, transform };
  const type = column.type.kind;
  throw refused(`The column ${name}, of type ${type}, does not go with ${transform.kind}`, name);
}

function hasColumn(fields: readonly Field[], ids: readonly number[]): boolean {
  return ids.every((id) =>
    fields.some(
      (field) =>
        field.id === id || (field.type.kind === 'struct' && hasColumn(field.type.fields, [id])),
    ),
  );
}

function refused(message: string, column: string): IcebergError {
  return new IcebergError('iceberg/partition-column', message, { context: { column } });
}
