import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ColumnBatch } from '@cdc-demo/cdc-core';
import type { Field } from '@cdc-demo/cdc-core';
import { DeltaTableWriter } from '../delta-table-writer.ts';
import { openSnapshot } from '../snapshot/open-snapshot.ts';
import { temporaryStore, tickingClock } from '../storage.fixture.ts';
import { changes, logLines, openTable, point, schema } from '../sink/sink.fixture.ts';

const fields: readonly Field[] = [
  { id: 0, name: 'id', type: { kind: 'int', bits: 32 }, nullable: false },
];

function rows(...ids: number[]): ColumnBatch {
  const batch = new ColumnBatch(fields);
  for (const id of ids) batch.appendRow([id]);
  return batch;
}

describe('version checksums (D29)', () => {
  let files: Awaited<ReturnType<typeof temporaryStore>>;
  beforeEach(async () => {
    files = await temporaryStore();
  });
  afterEach(() => files[Symbol.asyncDispose]());

  const checksum = async (version: number): Promise<Record<string, unknown>> => {
    const key = `_delta_log/${String(version).padStart(20, '0')}.crc`;
    const body = await files.store.get(key);
    return JSON.parse(Buffer.from(body ?? []).toString()) as Record<string, unknown>;
  };

  it('say what each version holds, to the byte', async () => {
    const options = { clock: tickingClock() };
    const create = { name: 't', fields, key: ['id'] };
    const table = await DeltaTableWriter.create(files.store, create, options);
    await table.append(rows(1, 2, 3));
    await table.upsert(rows(2, 4));
    await table.delete(rows(1, 2, 3));
    await table.close();
    for (let version = 1; version <= 3; version++) {
      const snapshot = await openSnapshot(files.store, { version: BigInt(version) });
      const adds = [...snapshot.files()];
      const [first] = (await logLines(files.store, version)) as { commitInfo?: object }[];
      const { txnId, inCommitTimestamp } = first!.commitInfo as Record<string, unknown>;
      expect(await checksum(version)).toEqual({
        txnId,
        tableSizeBytes: adds.reduce((sum, { size }) => sum + size, 0),
        numFiles: adds.length,
        numMetadata: 1,
        numProtocol: 1,
        inCommitTimestampOpt: inCommitTimestamp,
        setTransactions: [],
        domainMetadata: [...snapshot.domains.values()],
        metadata: snapshot.metadata,
        protocol: snapshot.protocol,
      });
    }
  });

  it('name the transactions and domains of a pipeline, and never replace one another', async () => {
    const theirs = '{"numFiles":-1}';
    const key = `_delta_log/${'2'.padStart(20, '0')}.crc`;
    const sink = await openTable(files.store);
    await sink.create(schema, point(10));
    await sink.write(changes(schema, [[20, [{ op: 'insert', row: [1n, 'a', null] }]]]));
    await sink.commit(point(20));
    await files.store.put(key, Buffer.from(theirs));
    await sink.write(changes(schema, [[30, [{ op: 'insert', row: [2n, 'b', null] }]]]));
    await sink.commit(point(30));
    await sink.close();
    expect(await checksum(1)).toMatchObject({
      numFiles: 1,
      setTransactions: [{ appId: 'cdc-demo/p/public.t', version: 20 }],
      domainMetadata: [{ domain: 'cdc-demo.position' }, { domain: 'cdc-demo.schema' }],
    });
    expect(await checksum(2)).toEqual({ numFiles: -1 });
  });
});
