import type { ChangeBatch, Logger, SpillFile } from '@cdc-demo/cdc-core';
import { changesFrom } from '../table-rows/pending-changes.ts';
import type { SpilledTableChanges } from '../table-rows/table-changes.ts';
import { ChangePartitions } from '../row-plan/change-partitions.ts';
import type { PlanTarget } from '../row-plan/row-planner.ts';
import { ChangeSurveyor, StoredSpan } from '../row-plan/survey-changes.ts';
import type { StoredFile } from '../row-plan/survey-changes.ts';

/** What a change takes at least while it is planned: its stored row is read, however short. */
const CHANGE_BYTES = 128;

/** Changes that are planned one part after the other: a key is in one part only. */
export interface PlanParts {
  readonly parts: AsyncIterable<readonly ChangeBatch[]>;
  /** Every change adds a row under a new key. */
  readonly addsOnly: boolean;
}

export interface PartsOptions {
  readonly changes: SpilledTableChanges;
  readonly target: PlanTarget;
  readonly storedFiles: Iterable<StoredFile>;
  /** Takes the changes once more where they have to be put in another order. */
  readonly file: SpillFile;
  /** Bytes of changes that are planned at a time. */
  readonly planBytes: number;
  readonly logger: Logger;
}

/**
 * Divides changes that do not fit into memory. Where no key is touched twice, any division does and
 * they stay in their order; otherwise they are put together by key.
 */
export async function planParts(options: PartsOptions): Promise<PlanParts> {
  const { changes, target, storedFiles, planBytes, logger } = options;
  const span = new StoredSpan(storedFiles);
  const surveyor = new ChangeSurveyor(target, span);
  for await (const batch of changes) surveyor.add(batch);
  const survey = surveyor.finish();
  const { addsOnly, touchesOnce } = survey;
  logger.info('planning changes in parts', {
    changes: changes.length,
    bytes: changes.byteSize,
    order: touchesOnce ? 'as they came' : 'by key',
  });
  if (touchesOnce) return { parts: inOrder(changes, planBytes), addsOnly };
  let partitions: ChangePartitions | undefined;
  for await (const batch of changes) {
    partitions ??= new ChangePartitions({
      target,
      span,
      survey,
      schema: batch.schema,
      file: options.file,
      changes: changes.length,
      bytes: weightOf(changes),
      planBytes,
    });
    await partitions.add(batch);
  }
  return { parts: partitions?.plans() ?? inOrder(changes, planBytes), addsOnly };
}

async function* inOrder(
  changes: SpilledTableChanges,
  planBytes: number,
): AsyncGenerator<readonly ChangeBatch[], void, undefined> {
  const planChanges = Math.max(1, Math.floor(planBytes / CHANGE_BYTES));
  let part: ChangeBatch[] = [];
  let weight = 0;
  for await (const batch of changes) {
    for (let start = 0; start < batch.length; start += planChanges) {
      const piece = changesFrom(batch, start, Math.min(batch.length, start + planChanges));
      const share = (weightOf(batch) * piece.length) / batch.length;
      if (part.length > 0 && weight + share > planBytes) {
        yield part;
        part = [];
        weight = 0;
      }
      part.push(piece);
      weight += share;
    }
  }
  if (part.length > 0) yield part;
}

function weightOf({ length, byteSize }: Pick<SpilledTableChanges, 'length' | 'byteSize'>): number {
  return Math.max(byteSize, length * CHANGE_BYTES);
}
