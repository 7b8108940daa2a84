import { expect, test } from '@jest/globals';
import { defaultSlotName, slotError, slotState } from './slot.ts';
import type { SlotFacts } from './slot.ts';

const OURS: SlotFacts = {
  name: 's',
  plugin: 'pgoutput',
  database: 'app',
  activePid: undefined,
  confirmedLsn: 100n,
  walStatus: 'reserved',
  invalidationReason: undefined,
  failover: false,
};

test.each<[string, SlotFacts | undefined, bigint | undefined, string]>([
  ['no slot', undefined, 100n, 'missing'],
  ['another plugin', { ...OURS, plugin: 'wal2json' }, 100n, 'foreign'],
  ['another database', { ...OURS, database: 'other' }, 100n, 'foreign'],
  ['a lost slot', { ...OURS, walStatus: 'lost' }, 100n, 'lost'],
  ['an invalidated slot', { ...OURS, invalidationReason: 'idle_timeout' }, 100n, 'lost'],
  ['a slot without position', { ...OURS, confirmedLsn: undefined }, 100n, 'lost'],
  ['a slot past us', OURS, 99n, 'ahead'],
  ['a slot past us that is in use', { ...OURS, activePid: 7 }, 99n, 'ahead'],
  ['a slot in use', { ...OURS, activePid: 7 }, 100n, 'active'],
  ['a slot at our position', OURS, 100n, 'ready'],
  ['a slot that went back after a crash', OURS, 200n, 'ready'],
  ['any slot for nobody who knows better', OURS, undefined, 'ready'],
])('%s is %4$s', (_, slot, position, kind) => {
  const state = slotState(slot, { database: 'app', position });
  expect(state.kind).toBe(kind);
  if (state.kind !== 'ready') expect(slotError('s', state, position).remedy).not.toBe('');
});

test.each([
  ['wal_removed', 'max_slot_wal_keep_size'],
  ['idle_timeout', 'idle_replication_slot_timeout'],
  ['wal_level_insufficient', "wal_level = 'logical'"],
  ['rows_removed', 'hot_standby_feedback'],
  [undefined, 'max_slot_wal_keep_size'],
])('a slot that was given up for %s says what keeps that from happening', (reason, words) => {
  const { remedy } = slotError('s', { kind: 'lost', reason }, undefined);
  expect(remedy).toContain(words);
  expect(remedy).toContain('start anew with a snapshot');
});

test('a slot is named for its pipeline, in the characters that names may have', () => {
  expect(defaultSlotName('Orders-EU.1')).toBe('cdc_demo_orders_eu_1');
  expect(defaultSlotName('x'.repeat(100))).toHaveLength(63);
});
