import { describe, expect, it } from '@jest/globals';
import { DEFAULT_UPKEEP, nextTask } from './upkeep-policy.ts';
import type { FileCondition, TableCondition } from './upkeep-policy.ts';

const HOUR = 3_600_000;

const file = (path: string, more: Partial<FileCondition> = {}): FileCondition => ({
  add: { path, partitionValues: {}, size: 1, modificationTime: 1, dataChange: true },
  group: '',
  bytes: 1000,
  rows: 10,
  deletedRows: 0,
  ...more,
});
const small = Array.from({ length: 10 }, (_, i) => file(`f${i}`));

const condition = (changed: Partial<TableCondition> = {}): TableCondition => ({
  files: [],
  targetBytes: 1_000_000,
  targetRows: 10_000,
  openMs: 2 * HOUR,
  vacuumedMs: HOUR,
  logCleanedMs: HOUR,
  versionsSince: 0,
  ...changed,
});
const task = (changed: Partial<TableCondition>, policy = {}): unknown =>
  nextTask(condition(changed), { ...DEFAULT_UPKEEP, ...policy });

describe('nextTask', () => {
  it('leaves a table alone that is in order', () => {
    expect(task({ files: small.slice(1) })).toBeUndefined();
  });

  it('merges before anything else', () => {
    const files = small.map(({ add }) => add);
    expect(task({ files: small, vacuumedMs: undefined })).toEqual({ kind: 'compact', files });
  });

  it('rewrites a large file for its deleted rows', () => {
    const worn = file('worn', { bytes: 900_000, rows: 1000, deletedRows: 200 });
    expect(task({ files: [worn] })).toEqual({ kind: 'compact', files: [worn.add] });
    expect(task({ files: [worn] }, { deletedShare: 0.5 })).toBeUndefined();
  });

  it('cleans the log up once after the start, then every hour if many versions came, else daily', () => {
    expect(task({ logCleanedMs: undefined })).toEqual({ kind: 'clean-log' });
    expect(task({ versionsSince: 99 })).toBeUndefined();
    expect(task({ versionsSince: 100 })).toEqual({ kind: 'clean-log' });
    expect(task({ versionsSince: 100, openMs: 2 * HOUR - 1 })).toBeUndefined();
    expect(task({ versionsSince: 1, openMs: 25 * HOUR, vacuumedMs: 20 * HOUR })).toEqual({
      kind: 'clean-log',
    });
  });

  it('deletes old files once after the start, then daily', () => {
    expect(task({ vacuumedMs: undefined })).toEqual({ kind: 'vacuum' });
    expect(task({ openMs: 25 * HOUR, logCleanedMs: 20 * HOUR })).toEqual({ kind: 'vacuum' });
    expect(task({ openMs: 25 * HOUR - 1, logCleanedMs: 20 * HOUR })).toBeUndefined();
  });

  it('lists nothing while the table is just open', () => {
    const just = { openMs: 10 * 60_000 - 1, vacuumedMs: undefined, logCleanedMs: undefined };
    expect(task(just)).toBeUndefined();
    expect(task({ ...just, files: small })).toMatchObject({ kind: 'compact' });
  });

  it('does nothing that is switched off', () => {
    const off = { compact: false, vacuum: false, cleanLog: false };
    const all = { files: small, vacuumedMs: undefined, logCleanedMs: undefined };
    expect(task(all, off)).toBeUndefined();
    expect(task(all, { ...off, vacuum: true })).toEqual({ kind: 'vacuum' });
  });
});
