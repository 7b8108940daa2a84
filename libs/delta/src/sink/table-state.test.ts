import { describe, expect, it } from '@jest/globals';
import type { Metadata, Protocol } from '../log/actions.ts';
import type { StructType } from '../schema/delta-type.ts';
import type { Snapshot } from '../snapshot/snapshot.ts';
import { newProtocol } from '../write/features.ts';
import { writeObstacle } from './table-state.ts';

const metadata: Metadata = {
  id: 'x',
  format: { provider: 'parquet', options: {} },
  schemaString: '{"type":"struct","fields":[]}',
  partitionColumns: [],
  configuration: {},
};

const schema: StructType = {
  type: 'struct',
  fields: [
    { name: 'day', type: 'date', nullable: true, metadata: {} },
    { name: 'share', type: 'double', nullable: true, metadata: {} },
  ],
};

const table = (changed: Partial<Metadata>, protocol: Protocol = newProtocol([])): Snapshot =>
  ({ protocol, metadata: { ...metadata, ...changed }, schema }) as unknown as Snapshot;

describe('writeObstacle', () => {
  it('is nothing for a table as this writer makes it', () => {
    expect(writeObstacle(table({}))).toBeUndefined();
    expect(
      writeObstacle(table({ configuration: { 'delta.appendOnly': 'false' } })),
    ).toBeUndefined();
    expect(writeObstacle(table({ partitionColumns: ['day'] }))).toBeUndefined();
  });

  it('D12: is nothing for features of old protocols that the table makes no use of', () => {
    expect(writeObstacle(table({}, { minReaderVersion: 1, minWriterVersion: 6 }))).toBeUndefined();
    expect(writeObstacle(table({}, newProtocol(['checkConstraints'])))).toBeUndefined();
  });

  it.each<[string, Partial<Metadata>, RegExp]>([
    ['D12: delta.appendOnly', { configuration: { 'delta.appendOnly': 'true' } }, /appendOnly/],
    [
      'D8: expiring transactions',
      { configuration: { 'delta.setTransactionRetentionDuration': 'interval 1 day' } },
      /forget/,
    ],
    ['D12: CHECK', { configuration: { 'delta.constraints.positive': 'a > 0' } }, /CHECK/],
    ['D12: invariants', { schemaString: '{"metadata":{"delta.invariants":"x"}}' }, /invariants/],
    [
      'D12: generated columns',
      { schemaString: '{"metadata":{"delta.generationExpression":"x"}}' },
      /generated/,
    ],
    ['D12: identity', { schemaString: '{"metadata":{"delta.identity.start":1}}' }, /identity/],
    ['D12: defaults', { schemaString: '{"metadata":{"CURRENT_DEFAULT":"1"}}' }, /defaults/],
    ['D19: partitions of floats', { partitionColumns: ['share'] }, /partitioned by share/],
  ])('%s', (_, changed, expected) => {
    expect(writeObstacle(table(changed))).toMatch(expected);
  });

  it('D12: unknown writer features', () => {
    expect(writeObstacle(table({}, newProtocol(['novel'])))).toBe('it uses novel');
  });
});
