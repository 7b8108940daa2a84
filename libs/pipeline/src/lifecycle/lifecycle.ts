import type { PipelineState } from '@cdc-demo/cdc-core';

/** What happens to a pipeline. */
export type LifecycleEvent =
  | 'start'
  | 'snapshot-began'
  | 'streaming-began'
  | 'lost'
  | 'retry-due'
  | 'stop-asked'
  | 'ended'
  | 'refused';

/** An event that cannot happen in a state is a mistake of ours, not of the world. */
type Next = PipelineState | 'impossible';

const ended = { ended: 'stopped', refused: 'failed' } as const;

const transitions = {
  created: row({ start: 'starting', 'stop-asked': 'stopping' }),
  starting: row({
    'snapshot-began': 'snapshotting',
    'streaming-began': 'streaming',
    lost: 'retrying',
    'stop-asked': 'stopping',
    ...ended,
  }),
  snapshotting: row({
    'streaming-began': 'streaming',
    lost: 'retrying',
    'stop-asked': 'stopping',
    ...ended,
  }),
  streaming: row({ lost: 'retrying', 'stop-asked': 'stopping', ...ended }),
  retrying: row({ 'retry-due': 'starting', 'stop-asked': 'stopping', ...ended }),
  stopping: row({
    'snapshot-began': 'stopping',
    'streaming-began': 'stopping',
    lost: 'stopping',
    'retry-due': 'stopping',
    'stop-asked': 'stopping',
    ...ended,
  }),
  stopped: row({ 'stop-asked': 'stopped' }),
  failed: row({ 'stop-asked': 'failed' }),
} satisfies Record<PipelineState, Record<LifecycleEvent, Next>>;

function row(possible: Partial<Record<LifecycleEvent, Next>>): Record<LifecycleEvent, Next> {
  return {
    start: 'impossible',
    'snapshot-began': 'impossible',
    'streaming-began': 'impossible',
    lost: 'impossible',
    'retry-due': 'impossible',
    'stop-asked': 'impossible',
    ended: 'impossible',
    refused: 'impossible',
    ...possible,
  };
}

/** The state after `event`. @throws Error when the event cannot happen in `state` */
export function nextState(state: PipelineState, event: LifecycleEvent): PipelineState {
  const next = transitions[state][event];
  if (next === 'impossible') throw new Error(`Pipeline: ${event} cannot happen while ${state}`);
  return next;
}
