import { expect, test } from '@jest/globals';
import { isStarted, transition } from './state.ts';
import type { SourceEvent, SourceState } from './state.ts';

const STATES: readonly SourceState[] = [
  'created',
  'preparing',
  'snapshotting',
  'following',
  'ended',
];
const EVENTS: readonly SourceEvent[] = ['start', 'snapshot-opened', 'stream-opened', 'end'];

test('a source starts once, ends from everywhere, and never begins again', () => {
  const allowed = STATES.flatMap((state) =>
    EVENTS.filter((event) => transition(state, event) !== 'invalid').map(
      (event) => `${state} ${event} ${transition(state, event)}`,
    ),
  );
  expect(allowed).toEqual([
    'created start preparing',
    'created end ended',
    'preparing snapshot-opened snapshotting',
    'preparing stream-opened following',
    'preparing end ended',
    'snapshotting stream-opened following',
    'snapshotting end ended',
    'following stream-opened following',
    'following end ended',
    'ended end ended',
  ]);
});

test('a source is started between its start and its end', () => {
  expect(STATES.filter(isStarted)).toEqual(['preparing', 'snapshotting', 'following']);
});
