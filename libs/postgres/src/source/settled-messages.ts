import { comparePositions, formatTableName, releaseGroup } from '@cdc-demo/cdc-core';
import type { Position, SourceMessage } from '@cdc-demo/cdc-core';
import { PostgresError } from '../errors.ts';
import { SeenChanges, Unsettled } from './seen-changes.ts';
import type { FinishedUnit } from './snapshot-unit.ts';

/**
 * The messages of a stream without the changes that rows of several instants show already.
 * @param settledAt from there on none of them shows any
 * @throws PostgresError `postgres/snapshot-unsettled`, after the table was told
 */
export async function* settledMessages(
  messages: AsyncIterable<SourceMessage>,
  units: readonly FinishedUnit[],
  settledAt: Position,
): AsyncGenerator<SourceMessage, void, undefined> {
  let seen: SeenChanges | undefined = new SeenChanges(units);
  for await (const message of messages) {
    if (message.kind !== 'transactions' || !seen) {
      yield message;
      continue;
    }
    const { end } = message.group;
    try {
      const group = await seen.filter(message.group);
      if (group.changes > 0) yield { kind: 'transactions', group };
      else {
        await releaseGroup(group);
        yield { kind: 'heartbeat', position: end };
      }
    } catch (error) {
      if (!(error instanceof Unsettled)) throw error;
      const table = formatTableName(error.table);
      yield { kind: 'snapshot-discard', table: error.table };
      throw new PostgresError(
        'postgres/snapshot-unsettled',
        `What was read of ${table} before and after an interruption does not fit together.`,
        { cause: error, context: { table } },
      );
    }
    if (comparePositions(end, settledAt) >= 0) seen = undefined;
  }
}

/** From where on the rows of all units are those of one position. */
export function settledAfter(units: readonly FinishedUnit[], position: bigint): bigint {
  return units.reduce((latest, { run }) => {
    const settledAt = run.own?.settledAt ?? position;
    return settledAt > latest ? settledAt : latest;
  }, position);
}
