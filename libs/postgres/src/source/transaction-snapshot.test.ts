import { describe, expect, test } from '@jest/globals';
import { TransactionSnapshot, widenXid } from './transaction-snapshot.ts';

const EPOCH = 2n ** 32n;

describe('TransactionSnapshot', () => {
  test('shows what was over, not what ran or had not begun', () => {
    const snapshot = TransactionSnapshot.parse('100:110:100,104,109');
    const seen = [99n, 100n, 101n, 103n, 104n, 105n, 108n, 109n, 110n, 500n].filter((xid) =>
      snapshot.saw(xid),
    );
    expect(seen).toEqual([99n, 101n, 103n, 105n, 108n]);
    expect(String(snapshot)).toBe('100:110:100,104,109');
  });

  test('without anything running shows all that had begun', () => {
    const snapshot = TransactionSnapshot.parse('7:7:');
    expect([6n, 7n].map((xid) => snapshot.saw(xid))).toEqual([true, false]);
  });

  test('a 32-bit number is judged in the epoch that lies closest', () => {
    const high = TransactionSnapshot.parse(`${EPOCH + 10n}:${EPOCH + 20n}:${EPOCH + 15n}`);
    expect([9n, 15n, 19n, 20n, EPOCH - 1n].map((xid) => high.saw(xid))).toEqual([
      true,
      false,
      true,
      false,
      true,
    ]);
    const last = TransactionSnapshot.parse(`${EPOCH - 2n}:${EPOCH - 1n}:${EPOCH - 2n}`);
    expect([EPOCH - 3n, EPOCH - 2n, 3n].map((xid) => last.saw(xid))).toEqual([true, false, false]);
  });

  test.each(['', '1:2', '1:2:3,', 'a:b:', '1:2:3,,4'])('refuses %j', (text) => {
    expect(() => TransactionSnapshot.parse(text)).toThrow(SyntaxError);
  });
});

test('widenXid gives the number with these low bits that lies closest', () => {
  expect(widenXid(5n, 10n)).toBe(5n);
  expect(widenXid(EPOCH - 1n, 10n)).toBe(EPOCH - 1n);
  expect(widenXid(5n, EPOCH + 10n)).toBe(EPOCH + 5n);
  expect(widenXid(EPOCH - 5n, EPOCH + 10n)).toBe(EPOCH - 5n);
  expect(widenXid(5n, 3n * EPOCH - 10n)).toBe(3n * EPOCH + 5n);
  expect(widenXid(EPOCH - 20n, 3n * EPOCH - 10n)).toBe(3n * EPOCH - 20n);
});
