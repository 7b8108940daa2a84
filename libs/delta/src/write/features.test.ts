import { describe, expect, it } from '@jest/globals';
import type { FieldType } from '@cdc-demo/cdc-core';
import {
  enabledFeatures,
  featuresOf,
  newProtocol,
  unwritableFeatures,
  upgradedProtocol,
} from './features.ts';

const EVERY_TABLE = ['changeDataFeed', 'domainMetadata', 'inCommitTimestamp'];

describe('protocol of tables', () => {
  it('D10: writer 7 always, readers as low as true', () => {
    expect(newProtocol([])).toEqual({
      minReaderVersion: 1,
      minWriterVersion: 7,
      writerFeatures: EVERY_TABLE,
    });
  });

  it('D11: a timestamp without zone, at any depth, asks readers for timestampNtz', () => {
    const of = (type: FieldType): string[] => [...featuresOf([{ ...field, type }])];
    const ntz: FieldType = { kind: 'timestamp', zone: 'none' };
    const field = { id: 0, name: 'x', type: ntz, nullable: true };
    expect(of({ kind: 'timestamp', zone: 'utc' })).toEqual([]);
    expect(of(ntz)).toEqual(['timestampNtz']);
    expect(of({ kind: 'list', element: field })).toEqual(['timestampNtz']);
    expect(of({ kind: 'struct', fields: [field] })).toEqual(['timestampNtz']);
    expect(of({ kind: 'map', key: field, value: field })).toEqual(['timestampNtz']);
    expect(newProtocol(['timestampNtz'])).toEqual({
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ['timestampNtz'],
      writerFeatures: [...EVERY_TABLE, 'timestampNtz'],
    });
  });

  it('D12: a column that is not nullable is an invariant, as Spark has it', () => {
    const field = { id: 1, name: 'id', type: { kind: 'int', bits: 64 }, nullable: false } as const;
    expect([...featuresOf([field])]).toEqual(['invariants']);
  });

  it('D10: an upgrade keeps what is there, and lists reader features twice', () => {
    const first = newProtocol([]);
    expect(upgradedProtocol(first, EVERY_TABLE)).toBeUndefined();
    expect(upgradedProtocol(first, ['deletionVectors'])).toEqual({
      minReaderVersion: 3,
      minWriterVersion: 7,
      readerFeatures: ['deletionVectors'],
      writerFeatures: ['changeDataFeed', 'deletionVectors', 'domainMetadata', 'inCommitTimestamp'],
    });
  });

  it('D10: an upgrade of an older table lists every feature that it may have used', () => {
    expect([...enabledFeatures({ minReaderVersion: 1, minWriterVersion: 4 })].sort()).toEqual([
      'appendOnly',
      'changeDataFeed',
      'checkConstraints',
      'generatedColumns',
      'invariants',
    ]);
    const columnMapping = upgradedProtocol({ minReaderVersion: 2, minWriterVersion: 5 }, [
      'deletionVectors',
    ]);
    expect(columnMapping?.readerFeatures).toEqual(['columnMapping', 'deletionVectors']);
    expect(columnMapping?.minReaderVersion).toBe(3);
    const kept = upgradedProtocol({ minReaderVersion: 2, minWriterVersion: 2 }, ['domainMetadata']);
    expect(kept?.minReaderVersion).toBe(2);
  });

  it('D12, D25, D32: names what this writer cannot honour', () => {
    expect(unwritableFeatures(newProtocol(['deletionVectors', 'timestampNtz']))).toEqual([]);
    expect(unwritableFeatures(newProtocol(['rowTracking', 'catalogManaged', 'novel']))).toEqual([
      'catalogManaged',
      'novel',
      'rowTracking',
    ]);
    expect(unwritableFeatures({ minReaderVersion: 4, minWriterVersion: 7 })).toEqual([
      'protocol (4, 7)',
    ]);
  });
});
