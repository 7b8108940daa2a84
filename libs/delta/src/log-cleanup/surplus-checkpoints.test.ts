import { describe, expect, it } from '@jest/globals';
import type { CheckpointFiles, CommitFile } from '../log/log-listing.ts';
import { surplusCheckpoints } from './surplus-checkpoints.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 0, 20);
const commitsOf = (versions: readonly number[]): CommitFile[] =>
  versions.map((version) => ({ version: BigInt(version), key: '', modifiedMs: 0 }));
const ages = (surplus: readonly CheckpointFiles[]): number[] =>
  surplus.map(({ modifiedMs }) => (NOW - modifiedMs) / MINUTE);

/** Every hundredth version, of so many minutes ago. */
const checkpointsOf = (minutesAgo: readonly number[]): CheckpointFiles[] =>
  minutesAgo.map((minutes, i) => ({
    version: BigInt((i + 1) * 100),
    keys: [],
    modifiedMs: NOW - minutes * MINUTE,
  }));
const all = commitsOf(Array.from({ length: 2000 }, (_, version) => version));

describe('surplusCheckpoints', () => {
  it('keeps the first of each hour, of each day after a day, and the last hour whole', () => {
    const day = 24 * 60;
    const given = [
      3 * day,
      3 * day - 50,
      2 * day,
      2 * day - 5,
      300,
      290,
      250,
      179,
      61,
      59,
      30,
      2,
      1,
    ];
    expect(ages(surplusCheckpoints(checkpointsOf(given), all, NOW))).toEqual([
      3 * day - 50,
      2 * day - 5,
      290,
      250,
    ]);
  });

  it('keeps the newest, however old they are', () => {
    expect(surplusCheckpoints(checkpointsOf([5003, 5002, 5001]), all, NOW)).toEqual([]);
  });

  it('keeps all when a commit between them is missing', () => {
    const gap = all.filter(({ version }) => version !== 250n);
    const given = checkpointsOf([5005, 5004, 5003, 5002, 5001]);
    expect(surplusCheckpoints(given, all, NOW)).toHaveLength(1);
    expect(surplusCheckpoints(given, gap, NOW)).toEqual([]);
    expect(surplusCheckpoints([], all, NOW)).toEqual([]);
  });
});
