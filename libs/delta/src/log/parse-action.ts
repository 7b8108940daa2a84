import type { JsonValue } from '@cdc-demo/cdc-core';
import { FieldReader, isJsonObject, parseExactJson } from '@cdc-demo/lake-core';
import type { ExactJson } from '@cdc-demo/lake-core';
import type {
  Action,
  AddCdcFile,
  AddFile,
  CommitInfo,
  DeletionVectorDescriptor,
  Metadata,
  Protocol,
  RemoveFile,
} from './actions.ts';

const EMPTY_SCHEMA = '{"type":"struct","fields":[]}';
const NOTHING: Readonly<Record<string, never>> = Object.freeze({});

/**
 * One line of a commit, a JSON checkpoint or a log compaction file. Unknown fields are left out.
 * @returns undefined for an action of a kind that the protocol does not know: such actions are
 * never needed to read the table ("Protocol Evolution").
 * @throws SyntaxError, TypeError when the line is no JSON, or a field is missing or of another type
 */
export function parseAction(line: string): Action | undefined {
  const value = parseExactJson(line);
  if (!isJsonObject(value)) throw new TypeError('An action is no object');
  for (const name of Object.keys(value)) {
    const content = value[name];
    if (content !== null && isActionName(name)) return decodeAction(name, content);
  }
  return undefined;
}

export type ActionName = Action extends infer A ? (A extends A ? keyof A : never) : never;

/**
 * An action given by its name and its fields.
 * @throws TypeError when a field is missing or of another type
 */
export function decodeAction(name: ActionName, content: ExactJson | undefined): Action {
  return DECODERS[name](content);
}

function isActionName(name: string): name is ActionName {
  return Object.hasOwn(DECODERS, name);
}

const DECODERS: Readonly<Record<ActionName, (value: ExactJson | undefined) => Action>> = {
  add: (value) => ({ add: decodeAdd(new FieldReader('add', value)) }),
  remove: (value) => ({ remove: decodeRemove(new FieldReader('remove', value)) }),
  cdc: (value) => ({ cdc: decodeCdc(new FieldReader('cdc', value)) }),
  metaData: (value) => ({ metaData: decodeMetadata(new FieldReader('metaData', value)) }),
  protocol: (value) => ({ protocol: decodeProtocol(new FieldReader('protocol', value)) }),
  commitInfo: (value) => ({ commitInfo: decodeCommitInfo(value) }),
  txn: (value) => {
    const fields = new FieldReader('txn', value);
    const lastUpdated = fields.optionalNumber('lastUpdated');
    return {
      txn: {
        appId: fields.string('appId'),
        version: fields.long('version'),
        ...(lastUpdated === undefined ? {} : { lastUpdated }),
      },
    };
  },
  domainMetadata: (value) => {
    const fields = new FieldReader('domainMetadata', value);
    return {
      domainMetadata: {
        domain: fields.string('domain'),
        configuration: fields.optionalString('configuration') ?? '',
        removed: fields.optionalBoolean('removed') ?? false,
      },
    };
  },
  sidecar: (value) => {
    const fields = new FieldReader('sidecar', value);
    const tags = fields.optionalMap('tags');
    return {
      sidecar: {
        path: fields.string('path'),
        sizeInBytes: fields.number('sizeInBytes'),
        modificationTime: fields.number('modificationTime'),
        ...(tags ? { tags } : {}),
      },
    };
  },
  checkpointMetadata: (value) => {
    const fields = new FieldReader('checkpointMetadata', value);
    const tags = fields.optionalMap('tags');
    return { checkpointMetadata: { version: fields.long('version'), ...(tags ? { tags } : {}) } };
  },
};

function decodeAdd(fields: FieldReader): AddFile {
  const add: { -readonly [K in keyof AddFile]: AddFile[K] } = {
    path: fields.string('path'),
    partitionValues: fields.optionalNullableMap('partitionValues') ?? NOTHING,
    size: fields.number('size'),
    modificationTime: fields.optionalNumber('modificationTime') ?? 0,
    dataChange: fields.optionalBoolean('dataChange') ?? true,
  };
  const stats = fields.optionalString('stats');
  if (stats !== undefined) add.stats = stats;
  const clusteringProvider = fields.optionalString('clusteringProvider');
  if (clusteringProvider !== undefined) add.clusteringProvider = clusteringProvider;
  return Object.assign(add, fileDetails(fields));
}

function decodeRemove(fields: FieldReader): RemoveFile {
  const remove: { -readonly [K in keyof RemoveFile]: RemoveFile[K] } = {
    path: fields.string('path'),
    dataChange: fields.optionalBoolean('dataChange') ?? true,
  };
  const deletionTimestamp = fields.optionalNumber('deletionTimestamp');
  if (deletionTimestamp !== undefined) remove.deletionTimestamp = deletionTimestamp;
  const extendedFileMetadata = fields.optionalBoolean('extendedFileMetadata');
  if (extendedFileMetadata !== undefined) remove.extendedFileMetadata = extendedFileMetadata;
  const values = fields.optionalNullableMap('partitionValues');
  if (values) remove.partitionValues = values;
  const size = fields.optionalNumber('size');
  if (size !== undefined) remove.size = size;
  const stats = fields.optionalString('stats');
  if (stats !== undefined) remove.stats = stats;
  return Object.assign(remove, fileDetails(fields));
}

type FileDetails = Pick<
  AddFile,
  'tags' | 'deletionVector' | 'baseRowId' | 'defaultRowCommitVersion'
>;

/** What `add` and `remove` have in common and most files do not have. */
function fileDetails(fields: FieldReader): FileDetails {
  const details: { -readonly [K in keyof FileDetails]: FileDetails[K] } = {};
  const tags = fields.optionalMap('tags');
  if (tags) details.tags = tags;
  const vector = fields.optionalObject('deletionVector');
  if (vector) details.deletionVector = decodeDeletionVector(vector);
  const baseRowId = fields.optionalLong('baseRowId');
  if (baseRowId !== undefined) details.baseRowId = baseRowId;
  const defaultRowCommitVersion = fields.optionalLong('defaultRowCommitVersion');
  if (defaultRowCommitVersion !== undefined) {
    details.defaultRowCommitVersion = defaultRowCommitVersion;
  }
  return details;
}

function decodeDeletionVector(fields: FieldReader): DeletionVectorDescriptor {
  const storageType = fields.string('storageType');
  if (storageType !== 'u' && storageType !== 'i' && storageType !== 'p') {
    throw new TypeError('deletionVector.storageType is not u, i or p');
  }
  const offset = fields.optionalNumber('offset');
  return {
    storageType,
    pathOrInlineDv: fields.string('pathOrInlineDv'),
    ...(offset === undefined ? {} : { offset }),
    sizeInBytes: fields.number('sizeInBytes'),
    cardinality: fields.number('cardinality'),
  };
}

function decodeCdc(fields: FieldReader): AddCdcFile {
  const tags = fields.optionalMap('tags');
  return {
    path: fields.string('path'),
    partitionValues: fields.optionalNullableMap('partitionValues') ?? NOTHING,
    size: fields.number('size'),
    dataChange: fields.optionalBoolean('dataChange') ?? false,
    ...(tags ? { tags } : {}),
  };
}

function decodeMetadata(fields: FieldReader): Metadata {
  const name = fields.optionalString('name');
  const description = fields.optionalString('description');
  const createdTime = fields.optionalNumber('createdTime');
  const format = fields.optionalObject('format');
  return {
    id: fields.string('id'),
    ...(name === undefined ? {} : { name }),
    ...(description === undefined ? {} : { description }),
    format: {
      provider: format?.optionalString('provider') ?? 'parquet',
      options: format?.optionalMap('options') ?? NOTHING,
    },
    schemaString: fields.optionalString('schemaString') ?? EMPTY_SCHEMA,
    partitionColumns: fields.optionalStrings('partitionColumns') ?? [],
    ...(createdTime === undefined ? {} : { createdTime }),
    configuration: fields.optionalMap('configuration') ?? NOTHING,
  };
}

function decodeProtocol(fields: FieldReader): Protocol {
  const readerFeatures = fields.optionalStrings('readerFeatures');
  const writerFeatures = fields.optionalStrings('writerFeatures');
  return {
    minReaderVersion: fields.number('minReaderVersion'),
    minWriterVersion: fields.number('minWriterVersion'),
    ...(readerFeatures ? { readerFeatures } : {}),
    ...(writerFeatures ? { writerFeatures } : {}),
  };
}

function decodeCommitInfo(value: ExactJson | undefined): CommitInfo {
  if (!isJsonObject(value)) throw new TypeError('commitInfo is no object');
  const fields = new FieldReader('commitInfo', value);
  fields.optionalNumber('inCommitTimestamp');
  return withoutBigints(value) as CommitInfo;
}

/** Integers that no number holds become strings of their digits. */
function withoutBigints(value: ExactJson): JsonValue {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return (value as readonly ExactJson[]).map(withoutBigints);
  if (!isJsonObject(value)) return value as JsonValue;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, withoutBigints(item)]),
  );
}
