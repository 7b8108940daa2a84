import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { runFeedDemo } from './run-feed-demo.ts';

describe('the feed demo', () => {
  it('shows each change once, by version, time and kind, and verifies the feed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'feed-demo-'));
    const lines: string[] = [];
    try {
      const ended = await runFeedDemo({
        folder,
        print: (line = '') => lines.push(...line.split('\n')),
      });
      expect(ended).toBe(true);
    } finally {
      await rm(folder, { recursive: true });
    }
    const section = (number: number): string[] => {
      const from = lines.findIndex((line) => line.startsWith(`${number}. `));
      const to = lines.findIndex((line) => line.startsWith(`${number + 1}. `));
      return lines.slice(from + 1, to).filter((line) => line.startsWith('   '));
    };
    const balance = (id: number, owner: string, amount: string): string =>
      `{"account_id":${id},"owner":"${owner}","balance":"${amount}"}`;
    const live = section(1).filter((line) => !line.includes('»'));
    expect(live.filter((line) => line.startsWith('   version 2'))).toHaveLength(6);
    expect(section(2).toSorted()).toEqual(
      live.filter((line) => /version [23]/.test(line)).toSorted(),
    );
    expect(section(3)).toContain(`   version 4  delete            ${balance(1, 'Ada', '100.00')}`);
    expect(section(4)).toEqual([
      `   delete            ${balance(1, 'Ada', '100.00')}`,
      `   update_preimage   {"account_id":4,"owner":"Di","balance":null}`,
      `   update_postimage  ${balance(4, 'Di', '0.01')}`,
      `   insert            ${balance(5, 'Em', '10.00')}`,
    ]);
    expect(section(5)).toEqual(['   equal at each version; 4 rows at the last']);
  });
});
