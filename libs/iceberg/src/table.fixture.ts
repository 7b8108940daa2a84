import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field, FieldValue } from '@cdc-demo/cdc-core';
import {
  DeletionVector,
  ParquetWriter,
  encodeDeletionVectorPayload,
  frameDeletionVectorPayload,
} from '@cdc-demo/lake-core';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { avroFile } from './avro/avro-file.fixture.ts';
import { IcebergTable } from './iceberg-table.ts';

const optional = (type: unknown): readonly unknown[] => ['null', type];

/** Fields of a record: name, type and id. */
function record(name: string, fields: readonly (readonly [string, unknown, number])[]): object {
  const described = fields.map(([field, type, id]) => ({ name: field, type, 'field-id': id }));
  return { type: 'record', name, fields: described };
}

const MANIFEST_LIST = record('manifest_file', [
  ['manifest_path', 'string', 500],
  ['manifest_length', 'long', 501],
  ['partition_spec_id', 'int', 502],
  ['content', 'int', 517],
  ['sequence_number', 'long', 515],
  ['first_row_id', optional('long'), 520],
]);

/** A map with integers as keys. */
function mapOf(value: string, [keyId, valueId]: readonly [number, number]): object {
  const items = record(`k${keyId}_v${valueId}`, [
    ['key', 'int', keyId],
    ['value', value, valueId],
  ]);
  return { type: 'array', items, logicalType: 'map' };
}

function manifestSchema(partition: readonly (readonly [string, unknown, number])[]): object {
  const ids = { type: 'array', items: 'int', 'element-id': 136 };
  const file = record('r2', [
    ['content', 'int', 134],
    ['file_path', 'string', 100],
    ['file_format', 'string', 101],
    ['partition', record('r102', partition), 102],
    ['record_count', 'long', 103],
    ['file_size_in_bytes', 'long', 104],
    ['value_counts', optional(mapOf('long', [119, 120])), 109],
    ['null_value_counts', optional(mapOf('long', [121, 122])), 110],
    ['lower_bounds', optional(mapOf('bytes', [126, 127])), 125],
    ['upper_bounds', optional(mapOf('bytes', [129, 130])), 128],
    ['key_metadata', optional('bytes'), 131],
    ['equality_ids', optional(ids), 135],
    ['referenced_data_file', optional('string'), 143],
    ['content_offset', optional('long'), 144],
    ['content_size_in_bytes', optional('long'), 145],
  ]);
  return record('manifest_entry', [
    ['status', 'int', 0],
    ['sequence_number', optional('long'), 3],
    ['data_file', file, 2],
  ]);
}

interface Entry<V> {
  readonly key: number;
  readonly value: V;
}

/** A file of a manifest; what is left out is as usual. */
export interface TestFile {
  readonly content?: 0 | 1 | 2;
  readonly status?: 0 | 1 | 2;
  readonly file_path: string;
  readonly file_format?: string;
  readonly partition?: Readonly<Record<string, unknown>>;
  readonly record_count: number;
  readonly file_size_in_bytes: number;
  readonly value_counts?: readonly Entry<number>[];
  readonly null_value_counts?: readonly Entry<number>[];
  readonly lower_bounds?: readonly Entry<Buffer>[];
  readonly upper_bounds?: readonly Entry<Buffer>[];
  readonly key_metadata?: Buffer;
  readonly equality_ids?: readonly number[];
  readonly referenced_data_file?: string;
  readonly content_offset?: number;
  readonly content_size_in_bytes?: number;
}

type Json = Readonly<Record<string, unknown>>;

/** A table made by hand, as an engine that writes all that the format allows would make it. */
export class TestTable implements AsyncDisposable {
  readonly store: LocalObjectStore;
  readonly folder: string;
  /** Where the metadata say that the table is; it lies somewhere else. */
  readonly location = 's3://elsewhere/warehouse/t';
  metadata: Record<string, unknown>;
  #count = 0;
  #snapshots: Json[] = [];
  #manifests: Json[] = [];

  private constructor(folder: string, fields: readonly Json[], overrides: Json) {
    this.folder = folder;
    this.store = new LocalObjectStore(folder);
    this.metadata = {
      'format-version': 3,
      'table-uuid': '9c12d441-03fe-4693-9a96-a0705ddf69c1',
      location: this.location,
      'last-sequence-number': 0,
      'last-updated-ms': 1_000,
      'last-column-id': 100,
      'current-schema-id': 0,
      schemas: [{ type: 'struct', 'schema-id': 0, fields }],
      'default-spec-id': 0,
      'partition-specs': [{ 'spec-id': 0, fields: [] }],
      'last-partition-id': 999,
      'default-sort-order-id': 0,
      'sort-orders': [{ 'order-id': 0, fields: [] }],
      'next-row-id': 0,
      ...overrides,
    };
  }

  static async create(fields: readonly Json[], overrides: Json = {}): Promise<TestTable> {
    return new TestTable(await mkdtemp(join(tmpdir(), 'iceberg-')), fields, overrides);
  }

  /** Writes rows to a Parquet file below the table. */
  async parquet(fields: readonly Field[], rows: readonly FieldValue[][]): Promise<TestFile> {
    const key = `data/${++this.#count}.parquet`;
    const batch = new ColumnBatch(fields);
    for (const row of rows) batch.appendRow(row);
    const output = await this.store.openWriter(key);
    const writer = new ParquetWriter(output, fields, {
      compression: 'uncompressed',
      pageRows: 2,
      rowGroupRows: 4,
    });
    await writer.write(batch);
    const { bytes } = await writer.finish();
    await output.close();
    return {
      file_path: `${this.location}/${key}`,
      record_count: rows.length,
      file_size_in_bytes: bytes,
    };
  }

  /** Writes a deletion vector for a data file, with something before it. */
  async vector(
    file: TestFile,
    rows: readonly number[],
    overrides: Partial<TestFile> = {},
  ): Promise<TestFile> {
    const key = `data/${++this.#count}.puffin`;
    const frame = frameDeletionVectorPayload(encodeDeletionVectorPayload(DeletionVector.of(rows)));
    await this.store.put(key, Buffer.concat([Buffer.from('PFA1'), frame]));
    return {
      content: 1,
      file_path: `${this.location}/${key}`,
      file_format: 'PUFFIN',
      record_count: rows.length,
      file_size_in_bytes: frame.length + 4,
      referenced_data_file: file.file_path,
      content_offset: 4,
      content_size_in_bytes: frame.length,
      ...overrides,
    };
  }

  /** A commit that adds files to those before, data and deletes in a manifest each. */
  async commit(
    files: readonly TestFile[],
    {
      specId = 0,
      partition = [],
      ...snapshot
    }: {
      readonly specId?: number;
      readonly partition?: readonly (readonly [string, unknown, number])[];
    } & Json = {},
  ): Promise<bigint> {
    const sequence = this.#snapshots.length + 1;
    const nextRowId = Number(this.metadata['next-row-id']);
    for (const content of [0, 1]) {
      const own = files.filter((file) => Math.min(file.content ?? 0, 1) === content);
      if (own.length === 0) continue;
      const path = await this.#put('m.avro', avroFile(manifestSchema(partition), own.map(entryOf)));
      this.#manifests.push({
        manifest_path: path,
        manifest_length: 1,
        partition_spec_id: specId,
        content,
        sequence_number: sequence,
        first_row_id: content === 0 ? nextRowId : null,
      });
    }
    const id = 2n ** 62n + BigInt(sequence);
    const list = await this.#put('snap.avro', avroFile(MANIFEST_LIST, this.#manifests));
    const made = {
      'sequence-number': sequence,
      'timestamp-ms': sequence * 1000,
      'schema-id': 0,
      'first-row-id': nextRowId,
    };
    const summary = { operation: 'append' };
    const last = { 'snapshot-id': `#${id}`, 'manifest-list': list, summary, ...made, ...snapshot };
    this.#snapshots = [...this.#snapshots, last];
    this.metadata = {
      ...this.metadata,
      'last-sequence-number': sequence,
      'current-snapshot-id': `#${id}`,
      'next-row-id': nextRowId + 100,
      snapshots: this.#snapshots,
      'snapshot-log': this.#snapshots.map((each) => ({
        'snapshot-id': each['snapshot-id'],
        'timestamp-ms': each['timestamp-ms'],
      })),
    };
    return id;
  }

  /** The next commit is of its own files alone. */
  forget(): void {
    this.#manifests = [];
  }

  /** Forgets a snapshot. */
  expire(id: bigint): void {
    this.#snapshots = this.#snapshots.filter((each) => each['snapshot-id'] !== `#${id}`);
    this.metadata['snapshots'] = this.#snapshots;
  }

  /** Writes the metadata and opens the table. */
  async open(): Promise<IcebergTable> {
    await this.store.put(`metadata/v${++this.#count}.metadata.json`, Buffer.from(this.json()));
    return IcebergTable.open(this.folder);
  }

  /** Ids of 63 bits stand as `#id` until here. */
  json(): string {
    return JSON.stringify(this.metadata).replaceAll(/"#(\d+)"/g, '$1');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true });
  }

  async #put(name: string, bytes: Uint8Array): Promise<string> {
    const key = `metadata/${++this.#count}-${name}`;
    await this.store.put(key, bytes);
    return `${this.location}/${key}`;
  }
}

function entryOf({ status = 1, ...file }: TestFile): object {
  return {
    status,
    sequence_number: null,
    data_file: {
      content: 0,
      file_format: 'parquet',
      partition: {},
      value_counts: null,
      null_value_counts: null,
      lower_bounds: null,
      upper_bounds: null,
      key_metadata: null,
      equality_ids: null,
      referenced_data_file: null,
      content_offset: null,
      content_size_in_bytes: null,
      ...file,
    },
  };
}
