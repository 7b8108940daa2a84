import type { Clock, Logger } from '@cdc-demo/cdc-core';
import type { Query } from '../catalog/query.ts';
import { endSlotUser, readSlot, slotError, slotInUse, slotState } from './slot.ts';
import type { SlotFacts } from './slot.ts';

/** A killed runner's connection lives on for a moment; that is not somebody else. */
const GRACE_MS = 3_000;
const POLL_MS = 50;

export interface SlotAccess {
  readonly slot: string;
  readonly database: string;
  /** May the connection of another runner be ended? */
  readonly takeOver: boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Waits until the slot is free, or frees it by ending its user.
 * @returns the slot, undefined when there is none
 * @throws PostgresError `postgres/slot-in-use`
 */
export async function freeSlot(query: Query, access: SlotAccess): Promise<SlotFacts | undefined> {
  const { clock, slot: name, takeOver, logger } = access;
  let until = clock.monotonicMs() + GRACE_MS;
  for (let ended = false; ; ) {
    const slot = await readSlot(query, name);
    if (slot?.activePid === undefined) return slot;
    if (takeOver && !ended) {
      logger.warn('ending the connection that uses the slot', { slot: name, pid: slot.activePid });
      await endSlotUser(query, slot.activePid);
      ended = true;
      // A process that decodes a large transaction takes a while to notice.
      until = clock.monotonicMs() + GRACE_MS;
    } else if (clock.monotonicMs() >= until) {
      throw slotInUse(name, slot.activePid);
    } else {
      await clock.sleep(POLL_MS);
    }
  }
}

/**
 * Makes sure that the slot is ours, free, and holds everything from `position` on (undefined: from
 * where it is).
 * @returns where to begin
 * @throws PostgresError
 */
export async function slotToFollow(
  query: Query,
  access: SlotAccess,
  position: bigint | undefined,
): Promise<bigint> {
  const { slot: name, database } = access;
  const judge = (slot: SlotFacts | undefined): ReturnType<typeof slotState> =>
    slotState(slot, { database, position });
  const found = judge(await readSlot(query, name));
  const state = found.kind === 'active' ? judge(await freeSlot(query, access)) : found;
  if (state.kind !== 'ready') throw slotError(name, state, position);
  return position ?? state.confirmed;
}
