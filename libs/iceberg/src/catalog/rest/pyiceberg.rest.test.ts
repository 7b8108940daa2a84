import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { canonicalRows } from '@cdc-demo/cdc-testing';
import { startIcebergRest } from '@cdc-demo/local-servers';
import type { LocalIcebergRest } from '@cdc-demo/local-servers';
import { silentLogger } from '@cdc-demo/cdc-core';
import { IcebergTable } from '../../iceberg-table.ts';
import { IcebergSink } from '../../sink/iceberg-sink.ts';
import { clock, deletes, inserts, point, schema, writer } from '../../sink/table-folder.fixture.ts';
import { RestCatalog } from './rest-catalog.ts';

const INSTALL = join(import.meta.dirname, '../../../../../tools/judges/install.sh');
const READ = `
import json, sys
from pyiceberg.catalog import load_catalog
table = load_catalog("r", type="rest", uri=sys.argv[1]).load_table(sys.argv[2])
snapshots = [s.snapshot_id for s in table.metadata.snapshots]
print(json.dumps([
    sorted(([r["id"], r["name"], str(r["amount"])] for r in table.scan(snapshot_id=s).to_arrow().to_pylist()))
    for s in snapshots
]))
`;
const WRITE = `
import sys, pyarrow as pa
from pyiceberg.catalog import load_catalog
catalog = load_catalog("r", type="rest", uri=sys.argv[1])
catalog.create_namespace("theirs")
rows = pa.table({"id": pa.array(range(3), pa.int64()), "v": ["a", None, "c"]})
table = catalog.create_table("theirs.t", schema=rows.schema, properties={"format-version": "2"})
table.append(rows)
table.append(rows)
table.delete("id = 1")
`;

let server: LocalIcebergRest;
beforeAll(async () => {
  server = await startIcebergRest();
});
afterAll(() => server.stop());

/** @throws Error when the judges are not installed: run tools/judges/install.sh */
function python(script: string, ...args: readonly string[]): string {
  const folder = execFileSync(INSTALL, ['--path'], { encoding: 'utf8' }).trim();
  return execFileSync(join(folder, 'venv/bin/python'), ['-c', script, server.uri, ...args], {
    encoding: 'utf8',
  });
}

test.each([2, 3] as const)(
  'PyIceberg reads every snapshot of a table of version %i through the same catalog',
  async (formatVersion) => {
    const catalog = new RestCatalog({ uri: server.uri, clock });
    const table = catalog.table({ namespace: ['ours'], name: `t${formatVersion}` });
    const options = { clock, logger: silentLogger, formatVersion, location: () => table };
    const sink = new IcebergSink(options).table(schema.table);
    await sink.open(writer);
    await sink.create(schema, point(100));
    await sink.write(
      inserts(
        schema,
        110,
        [1, 2, 3].map((id) => [id, `n${id}`, 1n]),
      ),
    );
    await sink.commit(point(110));
    await sink.write(deletes(120, [2]));
    await sink.commit(point(120));
    await sink.close();
    const read = await IcebergTable.open(table);
    const ours: unknown[] = [];
    for (const { id: snapshotId } of read.snapshots) {
      const lines = await canonicalRows(read.rows({ snapshotId }));
      ours.push(
        lines.map((line) => Object.values(JSON.parse(line) as object) as unknown).toSorted(),
      );
    }
    expect(ours).toHaveLength(3);
    expect(JSON.parse(python(READ, `ours.t${formatVersion}`))).toEqual(ours);
  },
);

test('a table that PyIceberg made through the catalog is read', async () => {
  python(WRITE);
  const catalog = new RestCatalog({ uri: server.uri, clock });
  const table = await IcebergTable.open(catalog.table({ namespace: ['theirs'], name: 't' }));
  expect(await canonicalRows(table.rows())).toEqual([
    '{"id":0,"v":"a"}',
    '{"id":0,"v":"a"}',
    '{"id":2,"v":"c"}',
    '{"id":2,"v":"c"}',
  ]);
});
