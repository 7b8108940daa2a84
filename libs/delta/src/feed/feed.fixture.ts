import { ColumnBatch, canonicalRow } from '@cdc-demo/cdc-core';
import type { Field, ObjectStore } from '@cdc-demo/cdc-core';
import { DeltaTableWriter } from '../delta-table-writer.ts';
import { tickingClock } from '../storage.fixture.ts';

export const fields: readonly Field[] = [
  { id: 1, name: 'id', type: { kind: 'int', bits: 32 }, nullable: false },
  { id: 2, name: 'name', type: { kind: 'string' }, nullable: true },
];

/** Rows as a map from their key to their name. */
export type Rows = ReadonlyMap<number, string>;

/** What a test does to a table, one version each. */
export type Step =
  | { readonly kind: 'upsert'; readonly rows: Rows }
  | { readonly kind: 'delete'; readonly ids: readonly number[] }
  | { readonly kind: 'truncate' };

export const upsert = (...rows: (readonly [number, string])[]): Step => ({
  kind: 'upsert',
  rows: new Map(rows),
});

export const line = (id: number, name: string): string => canonicalRow(fields, [id, name]);

/** Makes a table of versions 0 (empty) to at most `steps.length`; the rows of each version. */
export async function makeTable(store: ObjectStore, steps: readonly Step[]): Promise<Rows[]> {
  const options = { clock: tickingClock() };
  const writer = await DeltaTableWriter.create(store, { name: 't', fields, key: ['id'] }, options);
  const versions: Rows[] = [new Map()];
  for (const step of steps) {
    const rows = new Map(versions.at(-1));
    const version = await apply(writer, step, rows);
    if (version === BigInt(versions.length)) versions.push(rows);
  }
  await writer.close();
  return versions;
}

function apply(writer: DeltaTableWriter, step: Step, rows: Map<number, string>): Promise<bigint> {
  switch (step.kind) {
    case 'upsert': {
      const batch = new ColumnBatch(fields);
      for (const [id, name] of step.rows) {
        rows.set(id, name);
        batch.appendRow([id, name]);
      }
      return writer.upsert(batch);
    }
    case 'delete': {
      const keys = new ColumnBatch(fields.slice(0, 1));
      for (const id of step.ids) {
        rows.delete(id);
        keys.appendRow([id]);
      }
      return writer.delete(keys);
    }
    case 'truncate':
      rows.clear();
      return writer.truncate();
  }
}
