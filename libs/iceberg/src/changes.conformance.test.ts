import { join } from 'node:path';
import { canonicalRows, fixtureFolders, fixtureLines, fixturesFolder } from '@cdc-demo/cdc-testing';
import { conformanceSuite } from '@cdc-demo/cdc-testing/contracts';
import type { ConformanceCase } from '@cdc-demo/cdc-testing/contracts';
import { expect } from '@jest/globals';
import { IcebergTable } from './iceberg-table.ts';
import type { ChangesOptions } from './iceberg-table.ts';

const SPARK = 'iceberg/tables-spark';

interface ExpectedChange {
  readonly _change_type: string;
  readonly _commit_snapshot_id: string;
  readonly _row_id?: number;
}

const open = (name: string): Promise<IcebergTable> =>
  IcebergTable.open(join(fixturesFolder(), SPARK, 'db', name));

/** Changes of all snapshots as Spark's own view has them. */
function viewCase(name: string, file: string, options: ChangesOptions): ConformanceCase {
  return {
    name: `${name}, ${file}`,
    async run() {
      const expected = fixtureLines(`${SPARK}/expected/${name}/${file}`).sort();
      expect(await canonicalRows((await open(name)).changes(options))).toEqual(expected);
    },
  };
}

/** `{"type":…,"row":{…}}` of each change, whose row is a part of its line. */
function asDifference(line: string): string {
  const at = line.lastIndexOf(',"_change_type":"');
  const [, type = ''] = /"_change_type":"(\w+)"/.exec(line.slice(at)) ?? [];
  return `${type} ${line.slice(0, at)}}`;
}

/** Changes of each snapshot as the difference of the rows before and after it. */
function differenceCases(name: string, file: string): ConformanceCase[] {
  const lines = fixtureLines(`${SPARK}/expected/${name}/${file}`);
  const changes = lines.map((line) => ({ line, change: JSON.parse(line) as ExpectedChange }));
  const history = fixtureLines(`${SPARK}/expected/${name}/history.jsonl`).map(
    (line) => JSON.parse(line) as { readonly snapshot: string; readonly parent: string | null },
  );
  return history.flatMap(({ snapshot, parent }) => {
    const own = changes.filter(({ change }) => change._commit_snapshot_id === snapshot);
    if (own.some(({ change }) => change._change_type === 'SCHEMA_CHANGED')) return [];
    return {
      name: `${name}, ${file}, snapshot ${snapshot}`,
      async run() {
        const found = (await open(name)).changes({
          from: parent === null ? undefined : { snapshotId: BigInt(parent) },
          to: { snapshotId: BigInt(snapshot) },
          ...(own.some(({ change }) => change._row_id !== undefined)
            ? {}
            : { updates: 'separate' }),
        });
        const expected = own.map(({ line, change }) => {
          const row = line.slice(line.indexOf('"row":') + '"row":'.length, -1);
          return `${change._change_type} ${row}`;
        });
        expect((await canonicalRows(found)).map(asDifference).sort()).toEqual(expected.sort());
      },
    };
  });
}

const cases = fixtureFolders(`${SPARK}/expected`).flatMap((name): ConformanceCase[] => {
  switch (name) {
    case 'cow_merge_v2':
    case 'tags_branches':
      return [
        viewCase(name, 'changes.create_changelog_view.jsonl', { updates: 'separate' }),
        viewCase(name, 'changes.create_changelog_view.keys-id.jsonl', { identifier: ['id'] }),
      ];
    case 'v3_compacted':
    case 'v3_dv_lineage':
    case 'v3_variant':
      return differenceCases(name, 'changes.snapshot_difference_by_row_id.jsonl');
    default:
      return differenceCases(name, 'changes.snapshot_difference.jsonl');
  }
});
conformanceSuite('Iceberg, changes of tables of Spark', cases);
