/** Where a source stands between its creation and its end. */
export type SourceState =
  /** Nothing is open. */
  | 'created'
  /** Publication and slot are looked at or made. */
  | 'preparing'
  /** The rows that are there are read; the slot holds the changes meanwhile. */
  | 'snapshotting'
  /** Changes are followed. */
  | 'following'
  /** It is over, and everything is closed. */
  | 'ended';

export type SourceEvent =
  | 'start'
  | 'snapshot-opened'
  | 'stream-opened'
  /** The consumer stopped, or nothing can go on. */
  | 'end';

type Next = SourceState | 'invalid';

const TRANSITIONS = {
  created: {
    start: 'preparing',
    'snapshot-opened': 'invalid',
    'stream-opened': 'invalid',
    end: 'ended',
  },
  preparing: {
    start: 'invalid',
    'snapshot-opened': 'snapshotting',
    'stream-opened': 'following',
    end: 'ended',
  },
  snapshotting: {
    start: 'invalid',
    'snapshot-opened': 'invalid',
    'stream-opened': 'following',
    end: 'ended',
  },
  following: {
    start: 'invalid',
    'snapshot-opened': 'invalid',
    // The stream is opened again in text when the server has no binary form of a value.
    'stream-opened': 'following',
    end: 'ended',
  },
  ended: {
    start: 'invalid',
    'snapshot-opened': 'invalid',
    'stream-opened': 'invalid',
    end: 'ended',
  },
} as const satisfies Record<SourceState, Record<SourceEvent, Next>>;

/** The state after an event; `invalid` when that event cannot come there. */
export function transition(state: SourceState, event: SourceEvent): Next {
  return TRANSITIONS[state][event];
}

/** May `lag`, `currentPosition` and `acknowledge` be called? */
export function isStarted(state: SourceState): boolean {
  return state === 'preparing' || state === 'snapshotting' || state === 'following';
}
