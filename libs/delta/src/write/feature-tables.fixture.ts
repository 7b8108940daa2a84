import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field, FieldType, FieldValue, ObjectStore, StagedSnapshot } from '@cdc-demo/cdc-core';
import { DeltaTable } from '../delta-table.ts';
import { DeltaTableWriter } from '../delta-table-writer.ts';
import type { NewTable } from '../delta-table-writer.ts';
import {
  UUID,
  changes,
  openTable,
  point,
  rowsOf as sinkRows,
  schema,
} from '../sink/sink.fixture.ts';
import type { Row } from '../sink/sink.fixture.ts';
import { tickingClock } from '../storage.fixture.ts';

const field = (name: string, type: FieldType, nullable = true): Field => ({
  id: 0,
  name,
  type,
  nullable,
});
const INT: FieldType = { kind: 'int', bits: 32 };
const LONG: FieldType = { kind: 'int', bits: 64 };
const TEXT: FieldType = { kind: 'string' };
const DECIMAL: FieldType = { kind: 'decimal', precision: 8, scale: 2 };

/** A table with features, written version by version. */
export interface FeatureTable {
  readonly name: string;
  write(store: ObjectStore): Promise<void>;
}

function rowsOf(fields: readonly Field[], rows: readonly (readonly FieldValue[])[]): ColumnBatch {
  const batch = new ColumnBatch(fields);
  for (const row of rows) batch.appendRow(row);
  return batch;
}

const options = { clock: tickingClock(Date.now() - 3_600_000) };
const create = (store: ObjectStore, table: Omit<NewTable, 'name'>): Promise<DeltaTableWriter> =>
  DeltaTableWriter.create(store, { name: 't', key: ['id'], ...table }, options);

const KEYS = [field('id', INT, false)];
const plain = [...KEYS, field('name', TEXT), field('n', INT)];

async function mapped(store: ObjectStore): Promise<void> {
  const table = await create(store, { fields: plain });
  await table.append(
    rowsOf(plain, [
      [1, 'a', 10],
      [2, 'b', 20],
      [3, 'c', null],
    ]),
  );
  await table.renameColumn('name', 'title, with odd = {name}');
  const named = [KEYS[0]!, field('title, with odd = {name}', TEXT), field('n', INT)];
  await table.upsert(
    rowsOf(named, [
      [2, 'B', 21],
      [4, 'd', 40],
    ]),
  );
  await table.dropColumn('n');
  await table.addColumn(field('n', TEXT));
  await table.upsert(
    rowsOf(
      [...named.slice(0, 2), field('n', TEXT)],
      [
        [3, 'C', 'new'],
        [5, null, 'x'],
      ],
    ),
  );
  await table.delete(rowsOf(KEYS, [[1]]));
  await table.close();
}

async function widened(store: ObjectStore): Promise<void> {
  const fields = [
    ...KEYS,
    field('small', { kind: 'int', bits: 16 }),
    field('price', DECIMAL),
    field('share', { kind: 'float', bits: 32 }),
    field('day', { kind: 'date' }),
  ];
  const table = await create(store, { fields });
  await table.append(
    rowsOf(fields, [
      [1, -7, 150n, 0.5, 0],
      [2, 9, -1n, -2.25, 19000],
    ]),
  );
  const wide: readonly [string, FieldType][] = [
    ['id', LONG],
    ['small', INT],
    ['price', { kind: 'decimal', precision: 20, scale: 4 }],
    ['share', { kind: 'float', bits: 64 }],
    ['day', { kind: 'timestamp', zone: 'none' }],
  ];
  for (const [name, type] of wide) await table.widenColumn(name, type);
  const now = wide.map(([name, type]) => field(name, type));
  await table.upsert(
    rowsOf(now, [
      [2n, 70_000, 12_345n, 0.1, 1n],
      [2n ** 40n, 1, 1n, 1, -1n],
    ]),
  );
  await table.delete(rowsOf(now.slice(0, 1), [[1n]]));
  await table.close();
}

async function partitioned(store: ObjectStore): Promise<void> {
  const parts = [
    field('flag', { kind: 'boolean' }),
    field('place', TEXT),
    field('price', DECIMAL),
    field('day', { kind: 'date' }),
  ];
  const fields = [...KEYS, ...parts, field('note', TEXT)];
  const table = await create(store, { fields, partitionBy: parts.map(({ name }) => name) });
  await table.append(
    rowsOf(fields, [
      [1, true, 'plain', 150n, 19000, 'a'],
      [2, false, 'a b', -1n, 0, 'b'],
      [3, null, null, null, null, 'c'],
      [4, true, 'plain', 150n, 19000, 'd'],
    ]),
  );
  await table.upsert(
    rowsOf(fields, [
      [1, true, 'moved', 150n, 19000, 'A'],
      [5, true, 'plain', 150n, 19000, 'e'],
      [4, true, 'plain', 150n, 19000, 'D'],
      [3, null, null, null, null, null],
    ]),
  );
  await table.delete(rowsOf(KEYS, [[2], [5]]));
  await table.close();
}

async function partitionedByTime(store: ObjectStore): Promise<void> {
  const parts = [
    field('at', { kind: 'timestamp', zone: 'utc' }),
    field('local', { kind: 'timestamp', zone: 'none' }),
    field('odd', TEXT),
  ];
  const fields = [...KEYS, ...parts, field('n', LONG)];
  const table = await create(store, { fields, partitionBy: parts.map(({ name }) => name) });
  const day = 86_400_000_000n;
  await table.append(
    rowsOf(fields, [
      [1, 19783n * day + 1n, 19783n * day + 123_456n, 'x=1/y:%é', 1n],
      [2, -day, 5n * day, '😀 "q"', 2n],
      [3, null, null, null, 3n],
    ]),
  );
  await table.upsert(
    rowsOf(fields, [
      [1, 0n, 0n, '{}[]', 4n],
      [3, null, null, null, 5n],
    ]),
  );
  await table.delete(rowsOf(KEYS, [[2]]));
  await table.close();
}

async function everything(store: ObjectStore): Promise<void> {
  const nested: FieldType = {
    kind: 'struct',
    fields: [field('a', INT), field('b', { kind: 'list', element: field('element', INT) })],
  };
  const fields = [
    ...KEYS,
    field('day', { kind: 'date' }),
    field('s', nested),
    field('at', { kind: 'timestamp', zone: 'none' }),
    field('gone', TEXT),
  ];
  const table = await create(store, { fields, partitionBy: ['day'] });
  await table.append(
    rowsOf(fields, [
      [1, 19000, { a: 1, b: [1, 2] }, 7n, 'x'],
      [2, 19000, { a: 2, b: [3] }, 8n, 'y'],
      [3, 19001, { a: 3, b: [] }, null, 'z'],
    ]),
  );
  await table.renameColumn('day', 'date');
  await table.renameColumn('s', 'nested');
  await table.dropColumn('gone');
  await table.widenColumn('id', LONG);
  const now = [
    field('id', LONG, false),
    field('date', { kind: 'date' }),
    field('nested', nested),
    field('at', { kind: 'timestamp', zone: 'none' }),
  ];
  await table.upsert(
    rowsOf(now, [
      [2n, 19001, { a: 22, b: [4, 5] }, 9n],
      [2n ** 33n, 19002, { a: 4, b: [6] }, 10n],
    ]),
  );
  await table.delete(rowsOf(now.slice(0, 1), [[1n]]));
  for (let round = 0n; round < 4n; round++) {
    await table.upsert(rowsOf(now, [[3n, 19000 + Number(round % 3n), { a: 3, b: [] }, round]]));
  }
  await table.close();
}

/** A first snapshot of two runs, brought to one position: version 0 has a deletion vector. */
async function settled(store: ObjectStore): Promise<void> {
  const row = (id: number, name: string): Row => [BigInt(id), name, UUID];
  const stage = async (from: number, to: number): Promise<StagedSnapshot> => {
    const staging = await sink.stageSnapshot(schema);
    const ids = Array.from({ length: to - from }, (_, i) => from + i);
    await staging.write(
      sinkRows(
        schema.fields,
        ids.map((id) => row(id, `n${id}`)),
      ),
    );
    return staging.finish();
  };
  const sink = await openTable(store, { clock: options.clock });
  const stages = [await stage(1, 20), await stage(20, 40)];
  const settlement = await sink.settleSnapshot(stages, point(100));
  await settlement.write(
    changes(schema, [
      [110, [{ op: 'delete', old: row(3, ''), keyOnly: true }]],
      [120, [{ op: 'update', row: row(25, 'changed') }]],
    ]),
  );
  await settlement.commit(point(120));
  await sink.publishSnapshot([await settlement.finish()], point(120));
  await sink.write(changes(schema, [[130, [{ op: 'update', row: row(7, 'later') }]]]));
  await sink.commit(point(130));
  await sink.close();
}

async function rewritten(store: ObjectStore): Promise<void> {
  const table = await DeltaTableWriter.create(
    store,
    { name: 't', fields: plain, key: ['id'] },
    { ...options, readers: ['basic'] },
  );
  await table.append(
    rowsOf(
      plain,
      [1, 2, 3, 4, 5, 6].map((id) => [id, `n${id}`, id * 10]),
    ),
  );
  await table.upsert(
    rowsOf(plain, [
      [2, 'B', 21],
      [9, null, null],
    ]),
  );
  await table.delete(rowsOf(KEYS, [[1], [9]]));
  await table.truncate();
  await table.append(rowsOf(plain, [[7, 'g', 70]]));
  await table.close();
}

async function compacted(store: ObjectStore): Promise<void> {
  const table = await create(store, { fields: plain });
  for (let id = 1; id <= 12; id++) {
    await table.upsert(
      rowsOf(plain, [
        [id, `n${id}`, id],
        [100, 'hot', id],
      ]),
    );
  }
  await table.delete(rowsOf(KEYS, [[4], [5]]));
  await table.close();
  await (await DeltaTable.open(store)).optimize(options);
  const again = await DeltaTableWriter.open(store, { ...options, key: ['id'] });
  await again.upsert(rowsOf(plain, [[6, 'after', 6]]));
  await again.close();
}

/** Every feature of tables alone, and all together. */
export const FEATURE_TABLES: readonly FeatureTable[] = [
  { name: 'a settled first snapshot', write: settled },
  { name: 'copy-on-write', write: rewritten },
  { name: 'compaction', write: compacted },
  { name: 'column mapping', write: mapped },
  { name: 'type widening', write: widened },
  { name: 'partitions', write: partitioned },
  { name: 'partitions of times and odd texts', write: partitionedByTime },
  { name: 'everything together, with a checkpoint', write: everything },
];
