import { describe, expect, it } from '@jest/globals';
import type { ObjectStore } from '@cdc-demo/cdc-core';
import { createLogEntry, logEntryKey } from './log-entry.ts';

type Put = (key: string, body: Uint8Array) => Promise<'created' | 'exists'>;

/** A log in memory whose putIfAbsent does what `put` says around the real one. */
function logWith(put: (real: Put) => Put): {
  store: ObjectStore;
  log: Map<string, Uint8Array>;
} {
  const log = new Map<string, Uint8Array>();
  const real: Put = async (key, body) => {
    if (log.has(key)) return 'exists';
    log.set(key, body);
    return 'created';
  };
  const store = { putIfAbsent: put(real), get: async (key: string) => log.get(key) };
  return { store: store as unknown as ObjectStore, log };
}

const entry = (txnId: string): Uint8Array =>
  Buffer.from(`{"commitInfo":{"txnId":"${txnId}"}}\n{"txn":{"appId":"a","version":1}}\n`);
const ours = { entry: entry('ours'), txnId: 'ours' };
const failed = new Error('connection reset');

describe('createLogEntry', () => {
  it('D1: names versions with 20 digits and never overwrites', async () => {
    expect(logEntryKey(12n)).toBe('_delta_log/00000000000000000012.json');
    const { store, log } = logWith((real) => real);
    expect(await createLogEntry(store, 0n, ours)).toBe('committed');
    expect(await createLogEntry(store, 0n, { entry: entry('x'), txnId: 'x' })).toBe('taken');
    expect(log.get(logEntryKey(0n))).toEqual(ours.entry);
  });

  it('D2: a write that succeeded and then said "exists" is ours', async () => {
    const { store } = logWith((real) => async (key, body) => {
      await real(key, body);
      return 'exists';
    });
    expect(await createLogEntry(store, 3n, ours)).toBe('committed');
  });

  it('D2: a lost answer is looked up: committed, taken, or still unknown', async () => {
    const lost = logWith((real) => async (key, body) => {
      await real(key, body);
      throw failed;
    });
    expect(await createLogEntry(lost.store, 3n, ours)).toBe('committed');
    expect(await createLogEntry(lost.store, 3n, { entry: entry('y'), txnId: 'y' })).toBe('taken');
    const never = logWith(() => async () => {
      throw failed;
    });
    await expect(createLogEntry(never.store, 3n, ours)).rejects.toBe(failed);
  });

  it('an entry that exists and cannot be read is an error, not a success', async () => {
    const { store } = logWith(() => async () => 'exists');
    await expect(createLogEntry(store, 3n, ours)).rejects.toThrow(/cannot be read/);
  });
});
