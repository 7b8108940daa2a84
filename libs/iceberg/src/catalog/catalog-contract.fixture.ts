import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ColumnBatch, silentLogger } from '@cdc-demo/cdc-core';
import { canonicalRows } from '@cdc-demo/cdc-testing';
import { newTableColumns } from '@cdc-demo/lake-core';
import type { FileChanges } from '../commit/snapshot-writer.ts';
import { createTable } from '../commit/table-commits.ts';
import { IcebergTable } from '../iceberg-table.ts';
import { IcebergTableWriter } from '../iceberg-table-writer.ts';
import { TABLE_TYPES } from '../schema/table-types.ts';
import { clock, schema } from '../sink/table-folder.fixture.ts';
import type { MetadataUpdate } from './metadata-update.ts';
import { newMetadata } from './new-metadata.ts';
import type { CatalogTable, FoundTable, TableVersion } from './table-catalog.ts';

export interface CatalogUnderTest extends AsyncDisposable {
  /** A table that nothing else uses. */
  table(name: string): CatalogTable;
}

const NO_FILES: FileChanges = {
  operation: 'append',
  data: [],
  deletes: [],
  removed: new Set(),
};

/** What every catalog promises of its tables; see `TableCatalog`. */
export function catalogContract(name: string, open: () => Promise<CatalogUnderTest>): void {
  describe(`catalog contract: ${name}`, () => {
    let catalog: CatalogUnderTest;
    beforeAll(async () => {
      catalog = await open();
    });
    afterAll(async () => {
      await catalog[Symbol.asyncDispose]();
    });

    const newTable = (): CatalogTable => catalog.table(`t_${randomUUID().replaceAll('-', '')}`);

    async function make(table: CatalogTable): Promise<TableVersion | undefined> {
      const { store, catalog: of } = await table.place();
      const draft = of.draft(
        newMetadata({
          formatVersion: 3,
          location: of.location,
          columns: newTableColumns(schema, 'upsert', TABLE_TYPES),
          spec: { id: 0, fields: [] },
          properties: { own: 'yes' },
          nowMs: Date.now(),
        }),
      );
      const context = { store, catalog: of, clock, logger: silentLogger };
      return createTable(context, draft, { files: NO_FILES, properties: { position: '1' } });
    }

    async function made(): Promise<FoundTable> {
      const table = newTable();
      await make(table);
      const found = await table.find();
      if (!found) throw new Error('The table is not there');
      return found;
    }

    it('finds no table before it is made, and knows where it will be', async () => {
      const table = newTable();
      expect(await table.find()).toBeUndefined();
      const { store, catalog: of } = await table.place();
      expect(await of.load()).toBeUndefined();
      expect(of.location).toContain(decodeURIComponent(new URL(store.url).pathname.slice(0, -1)));
    });

    it('makes a table with its first snapshot and its properties in one step, once', async () => {
      const table = newTable();
      const first = await make(table);
      expect(await make(table)).toBeUndefined();
      const found = await table.find();
      expect(found?.version.metadata).toMatchObject({
        currentSnapshotId: first?.metadata.currentSnapshotId,
        properties: { own: 'yes', position: '1' },
      });
      expect(found?.version.metadata.snapshots).toHaveLength(1);
      expect(found?.version.metadata.snapshotLog).toHaveLength(1);
    });

    it('makes of two commits after one version only the first', async () => {
      const { catalog: of, version } = await made();
      const set = (value: string): readonly MetadataUpdate[] => {
        const snapshot = nextSnapshot(version);
        return [
          { action: 'add-snapshot', snapshot },
          {
            action: 'set-snapshot-ref',
            'ref-name': 'main',
            type: 'branch',
            'snapshot-id': snapshot['snapshot-id'],
          },
          { action: 'set-properties', updates: { position: value } },
        ];
      };
      const next = await of.commit(version, set('2'));
      expect(next?.metadata.properties['position']).toBe('2');
      expect(await of.commit(version, set('3'))).toBeUndefined();
      const now = await of.load();
      expect(now?.metadata.properties['position']).toBe('2');
      expect(now?.metadata.currentSnapshotId).toBe(next?.metadata.currentSnapshotId);
    });

    it('takes columns back that the table had before', async () => {
      const { catalog: of, version } = await made();
      const [old] = (version.json['schemas'] ?? []) as readonly Record<string, unknown>[];
      const fields = old?.['fields'] as readonly Record<string, never>[];
      const renamed = fields.map((field) => ({ ...field, name: `${String(field['name'])}_2` }));
      const change = (id: number, of: object[]): readonly MetadataUpdate[] => [
        { action: 'add-schema', schema: { ...old, 'schema-id': id, fields: of } as never },
        { action: 'set-current-schema', 'schema-id': id },
      ];
      const second = await of.commit(version, change(1, renamed));
      if (!second) throw new Error('The columns were not renamed');
      const third = await of.commit(second, change(2, [...fields]));
      expect(third?.metadata.schemas.at(0)?.columns.map((each) => each.name)).toEqual([
        'id',
        'name',
        'amount',
      ]);
      const { currentSchemaId, schemas } = third?.metadata ?? second.metadata;
      const current = schemas.find(({ id }) => id === currentSchemaId);
      expect(current?.columns.map((each) => each.name)).toEqual(['id', 'name', 'amount']);
    });

    it('is written and read through', async () => {
      const table = newTable();
      const { fields } = schema;
      const key = ['id'];
      const writer = await IcebergTableWriter.create(table, { fields, key }, { clock });
      await expect(IcebergTableWriter.create(table, { fields }, { clock })).rejects.toMatchObject({
        code: 'iceberg/table-exists',
      });
      const rows = new ColumnBatch(fields);
      rows.appendRow([1, 'a', 1n]);
      await writer.append(rows);
      const other = await IcebergTableWriter.open(table, { clock });
      const newer = new ColumnBatch(fields);
      newer.appendRow([1, 'b', 2n]);
      await other.upsert(newer);
      // Behind the other writer: worked out anew.
      await writer.upsert(rows);
      expect(await canonicalRows((await IcebergTable.open(table)).rows())).toEqual([
        '{"id":1,"name":"a","amount":"0.01"}',
      ]);
    });

    it('keeps how tables are parted, and parts them anew', async () => {
      const table = newTable();
      const { fields } = schema;
      const partitionBy = ['bucket(4, id)', 'name'];
      const options = { fields, key: ['id'], partitionBy };
      const writer = await IcebergTableWriter.create(table, options, { clock });
      const put = async (...values: readonly (readonly [number, string])[]): Promise<void> => {
        const rows = new ColumnBatch(fields);
        for (const [id, name] of values) rows.appendRow([id, name, 1n]);
        await writer.upsert(rows);
      };
      await put([1, 'a'], [2, 'b'], [3, 'a']);
      await writer.setPartitioning(['truncate(2, name)']);
      await put([2, 'bbb']);
      await writer.setPartitioning(partitionBy);
      await put([3, 'c']);
      const found = await IcebergTable.open(table);
      const { specs, lastPartitionId, defaultSpecId } = found.metadata;
      const parted = new Map(
        specs.map((spec) => [
          spec.id,
          spec.fields.map((each) => `${each.fieldId} ${each.name} ${each.transform}`),
        ]),
      );
      expect([...parted.values()]).toEqual([
        ['1000 id_bucket_4 bucket[4]', '1001 name identity'],
        ['1002 name_trunc_2 truncate[2]'],
      ]);
      expect(lastPartitionId).toBe(1002);
      const files = (await found.files()).filter(({ content }) => content === 'data');
      const places = files.map(({ specId, partition }) => {
        const names = parted.get(specId)?.length === 1 ? partition : partition.slice(1);
        return `${specId === defaultSpecId ? 'first' : 'second'} ${names.join(' ')}`;
      });
      expect(places.toSorted()).toEqual(['first a', 'first c', 'second bb']);
      expect(await canonicalRows(found.rows({ where: "name = 'bbb'" }))).toEqual([
        '{"id":2,"name":"bbb","amount":"0.01"}',
      ]);
      expect(await canonicalRows(found.rows({ columns: ['id', 'name'] }))).toEqual([
        '{"id":1,"name":"a"}',
        '{"id":2,"name":"bbb"}',
        '{"id":3,"name":"c"}',
      ]);
    });

    it('keeps names of snapshots, and loses snapshots that have none', async () => {
      const table = newTable();
      const { fields } = schema;
      const writer = await IcebergTableWriter.create(table, { fields, key: ['id'] }, { clock });
      for (const name of ['a', 'b', 'c', 'd']) {
        const rows = new ColumnBatch(fields);
        rows.appendRow([1, name, 1n]);
        await writer.upsert(rows);
        if (name === 'a') await writer.createTag('first');
        if (name === 'b') await writer.createBranch('second', { minSnapshotsToKeep: 1 });
      }
      await writer.dropBranch('second');
      await writer.setProperties({ mine: 'yes', other: 'no' });
      await writer.removeProperties(['other']);
      const { expiredSnapshots, deletedFiles } = await writer.expire({
        maxSnapshots: 1,
        olderThanMs: 0,
      });
      expect(expiredSnapshots).toBe(2);
      expect(deletedFiles).toBeGreaterThan(0);
      const found = await IcebergTable.open(table);
      expect(found.refs.map(({ name }) => name).toSorted()).toEqual(['first', 'main']);
      expect(found.metadata.properties).toMatchObject({ mine: 'yes' });
      expect(found.metadata.properties).not.toHaveProperty('other');
      const at = async (ref: string): Promise<string[]> => canonicalRows(found.rows({ ref }));
      expect(await at('first')).toEqual(['{"id":1,"name":"a","amount":"0.01"}']);
      expect(await at('main')).toEqual(['{"id":1,"name":"d","amount":"0.01"}']);
      // What the catalog itself needs is no orphan, whatever its age.
      await writer.removeOrphans({ olderThanMs: 0, force: true });
      expect(await canonicalRows((await IcebergTable.open(table)).rows())).toHaveLength(1);
    });

    it('tells that there is no table to read or to write', async () => {
      const table = newTable();
      const code = 'iceberg/not-a-table';
      await expect(IcebergTable.open(table)).rejects.toMatchObject({ code });
      await expect(IcebergTableWriter.open(table, { clock })).rejects.toMatchObject({ code });
    });
  });
}

function nextSnapshot({ metadata }: TableVersion): { readonly 'snapshot-id': bigint } {
  const [last] = metadata.snapshots;
  return {
    'snapshot-id': 2n ** 62n + BigInt(Math.floor(Math.random() * 2 ** 40)),
    'parent-snapshot-id': last?.id,
    'sequence-number': metadata.lastSequenceNumber + 1n,
    'timestamp-ms': metadata.lastUpdatedMs + 1,
    'manifest-list': last?.manifests,
    summary: { operation: 'append' },
    'schema-id': metadata.currentSchemaId,
    'first-row-id': metadata.nextRowId,
    'added-rows': 0,
  } as { readonly 'snapshot-id': bigint };
}
