import { expect, test } from '@jest/globals';
import { endOfRecords, readLogEnd } from './log-end.ts';

test.each([
  [0x3000028n, 0x3000000n],
  [0x3002018n, 0x3002000n],
  [0x3002020n, 0x3002020n],
  [0x3000100n, 0x3000100n],
])('when the next record begins at %i, the last one ends at %i', (insert, end) => {
  expect(endOfRecords(insert)).toBe(end);
});

test('the end is where the log ends, sent to disk if it is not there', async () => {
  const asked: string[] = [];
  const answering = (flushLsn: string) => (sql: string) => {
    asked.push(sql);
    return Promise.resolve([{ insert_lsn: '0/100', flush_lsn: flushLsn }]);
  };
  expect(await readLogEnd(answering('0/100'))).toBe(0x100n);
  expect(asked).toHaveLength(1);
  expect(await readLogEnd(answering('0/80'))).toBe(0x100n);
  expect(asked.at(-1)).toContain('txid_current()');
});
