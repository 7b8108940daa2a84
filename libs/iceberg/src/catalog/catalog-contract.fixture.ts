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
