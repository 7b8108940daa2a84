import { expect, test } from '@jest/globals';
import { checkServer } from './server-checks.ts';
import type { ServerFacts } from './server-facts.ts';

const GOOD: ServerFacts = {
  version: 140000,
  walLevel: 'logical',
  isStandby: false,
  role: 'me',
  database: 'app',
  mayReplicate: true,
  mayCreate: true,
  maxSlots: 10,
  usedSlots: 9,
  maxSenders: 10,
  usedSenders: 9,
};

const PLAIN = { slotExists: false, failover: false, generatedColumns: 'none' } as const;

test('slots that survive a failover need Postgres 17', () => {
  const demands = { ...PLAIN, failover: true };
  expect(checkServer({ ...GOOD, version: 160004 }, demands)).toMatchObject([
    { code: 'postgres/server-too-old', message: expect.stringContaining('Postgres 16') },
  ]);
  expect(checkServer({ ...GOOD, version: 170000 }, demands)).toEqual([]);
});

test('generated columns are published from Postgres 18 on', () => {
  const demands = { ...PLAIN, generatedColumns: 'stored' } as const;
  expect(checkServer({ ...GOOD, version: 170010 }, demands)).toMatchObject([
    { code: 'postgres/server-too-old', remedy: expect.stringContaining('Postgres 18') },
  ]);
  expect(checkServer({ ...GOOD, version: 180000 }, demands)).toEqual([]);
});

test('a server that will do has no errors', () => {
  expect(checkServer(GOOD, PLAIN)).toEqual([]);
});

test('with a slot of ours, no other need be free', () => {
  expect(checkServer({ ...GOOD, usedSlots: 10 }, { ...PLAIN, slotExists: true })).toEqual([]);
});

test.each([
  [{ version: 130015 }, 'postgres/server-too-old', 'Postgres 13'],
  [{ isStandby: true }, 'postgres/standby', 'standby'],
  [{ walLevel: 'minimal' }, 'postgres/wal-level', 'wal_level=minimal'],
  [{ mayReplicate: false }, 'postgres/missing-privilege', 'role me'],
  [{ usedSlots: 10 }, 'postgres/no-free-slot', 'all 10'],
  [{ usedSenders: 10 }, 'postgres/no-free-sender', 'all 10'],
] as const)('%j is %s', (change, code, words) => {
  const [error, ...rest] = checkServer({ ...GOOD, ...change }, PLAIN);
  expect(rest).toEqual([]);
  expect(error).toMatchObject({ code, message: expect.stringContaining(words) });
});
