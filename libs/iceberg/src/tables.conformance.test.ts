import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalRows, fixtureFolders, fixtureLines, fixturesFolder } from '@cdc-demo/cdc-testing';
import { conformanceSuite } from '@cdc-demo/cdc-testing/contracts';
import type { ConformanceCase } from '@cdc-demo/cdc-testing/contracts';
import { expect } from '@jest/globals';
import { IcebergTable } from './iceberg-table.ts';

const FIXTURES = fixturesFolder();
const FOREIGN = 'iceberg/tables/data/persistent';
const SPARK = 'iceberg/tables-spark';

/** One case for each file of rows in a folder of expected ones. */
function casesOf(name: string, folder: string, expected: string): ConformanceCase[] {
  const open = (): Promise<IcebergTable> => IcebergTable.open(join(FIXTURES, folder));
  return readdirSync(join(FIXTURES, expected)).flatMap((file): ConformanceCase[] => {
    const [, snapshot = '', kind = ''] =
      /^(current|\d+)\.(jsonl|lineage\.jsonl|error\.txt)$/.exec(file) ?? [];
    if (snapshot === '') return [];
    const choice = snapshot === 'current' ? {} : { snapshotId: BigInt(snapshot) };
    const at = `${name}, ${snapshot === 'current' ? 'the current snapshot' : `snapshot ${snapshot}`}`;
    if (kind === 'error.txt') {
      const reason = 'a file that the snapshot names is not there';
      return [
        {
          name: at,
          outcome: { kind: 'refused', reason },
          async run() {
            const rows = canonicalRows((await open()).rows(choice));
            const text = fixtureLines(`${expected}/${file}`).join();
            const missing = /for file: (\S+)$/.exec(text)?.[1];
            await expect(rows).rejects.toMatchObject({
              code: 'iceberg/file-missing',
              context: { path: missing },
            });
          },
        },
      ];
    }
    const lineage = kind === 'lineage.jsonl';
    return [
      {
        name: lineage ? `${at}, with row ids` : at,
        async run() {
          const rows = (await open()).rows({ ...choice, lineage });
          expect(await canonicalRows(rows)).toEqual(fixtureLines(`${expected}/${file}`).sort());
        },
      },
    ];
  });
}

/** Branches and tags, and the history of the table. */
function nameCases(name: string): ConformanceCase[] {
  const expected = `${SPARK}/expected/${name}`;
  const open = (): Promise<IcebergTable> => IcebergTable.open(join(FIXTURES, SPARK, 'db', name));
  const refs = fixtureLines(`${expected}/refs.jsonl`).map(
    (line) => JSON.parse(line) as { readonly name: string; readonly type: string },
  );
  return refs.map(({ name: ref, type }) => ({
    name: `${name}, the ${type.toLowerCase()} ${ref}`,
    async run() {
      const table = await open();
      const id = table.refs.find((each) => each.name === ref)?.snapshotId;
      const rows = await canonicalRows(table.rows({ ref }));
      // A branch is read with the columns of now.
      const file = ref === 'main' ? 'current' : String(id);
      expect(rows).toEqual(fixtureLines(`${expected}/${file}.jsonl`).sort());
    },
  }));
}

const foreign = fixtureFolders('iceberg/expected').flatMap((name) =>
  casesOf(name, `${FOREIGN}/${name.replaceAll('__', '/')}`, `iceberg/expected/${name}`),
);
conformanceSuite('Iceberg, tables of other engines', foreign);

const names = fixtureFolders(`${SPARK}/expected`);
conformanceSuite('Iceberg, tables of Spark', [
  ...names.flatMap((name) => casesOf(name, `${SPARK}/db/${name}`, `${SPARK}/expected/${name}`)),
  ...names.flatMap(nameCases),
]);
