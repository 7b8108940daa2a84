import { describe, expect, it } from '@jest/globals';
import type { CompactionFile } from '../compaction/plan-compaction.ts';
import { DEFAULT_POLICY, isDueEvery, nextTask } from './upkeep-policy.ts';
import type { PeriodicTask, UpkeepState } from './upkeep-policy.ts';

const HOUR = 3_600_000;

const file = (more: Partial<CompactionFile> = {}): CompactionFile => ({
  group: '',
  bytes: 1000,
  rows: 10,
  deletedRows: 0,
  ...more,
});
const small = Array.from({ length: 10 }, () => file());

const state = (
  changed: Partial<UpkeepState<CompactionFile, PeriodicTask>> = {},
): UpkeepState<CompactionFile, PeriodicTask> => ({
  files: [],
  targetBytes: 1_000_000,
  targetRows: 10_000,
  periodic: [],
  ...changed,
});
const task = (changed: Parameters<typeof state>[0], policy = {}): unknown =>
  nextTask(state(changed), { ...DEFAULT_POLICY, ...policy });

describe('nextTask', () => {
  const later = { isDue: false };
  const overdue = { isDue: true };

  it('leaves a table alone that is in order', () => {
    expect(task({ files: small.slice(1), periodic: [later] })).toBeUndefined();
  });

  it('merges before anything else', () => {
    expect(task({ files: small, periodic: [overdue] })).toEqual({ compact: small });
    expect(task({ files: small, periodic: [overdue] }, { compact: false })).toEqual({
      periodic: overdue,
    });
  });

  it('rewrites a large file for its deleted rows', () => {
    const worn = file({ bytes: 900_000, rows: 1000, deletedRows: 200 });
    expect(task({ files: [worn] })).toEqual({ compact: [worn] });
    expect(task({ files: [worn] }, { deletedShare: 0.5 })).toBeUndefined();
  });

  it('does the first that is due', () => {
    const last = { isDue: true };
    expect(task({ periodic: [later, overdue, last] })).toEqual({ periodic: overdue });
  });
});

describe('isDueEvery', () => {
  const isDue = (openMs: number, doneMs?: number): boolean =>
    isDueEvery(HOUR, DEFAULT_POLICY, { openMs, doneMs });

  it('is due once after the warm-up, then as often as it is said', () => {
    expect(isDue(10 * 60_000 - 1)).toBe(false);
    expect(isDue(10 * 60_000)).toBe(true);
    expect(isDue(2 * HOUR, HOUR + 1)).toBe(false);
    expect(isDue(2 * HOUR + 1, HOUR + 1)).toBe(true);
  });
});
