import type { DeletionVector } from '../deletion-vector/deletion-vector.ts';
import type { LiveFile } from '../table-index/live-file.ts';
import type { SourceNow } from '../table-index/rewritten-rows.ts';
import type { IndexedFile } from '../table-index/table-index.ts';
import { carryDeletions } from './carry-deletions.ts';
import { rowsByFile } from './rewrite-rows.ts';
import type { CopiedRows } from './rewrite-rows.ts';

/**
 * For each new file its rows that other commits have deleted since they were copied.
 * @returns undefined when there is nothing to gain any more, or rows came back that were left out
 */
export async function deletedMeanwhile<F extends LiveFile>(
  { sources, outputs }: CopiedRows<F>,
  sourceNow: (source: IndexedFile<F>) => Promise<SourceNow>,
): Promise<readonly DeletionVector[] | undefined> {
  const now = await Promise.all(sources.map((source) => sourceNow(source)));
  if (now.every(({ state }) => state === 'gone')) return undefined;
  const carried = carryDeletions(sources, now);
  return carried && rowsByFile(outputs, carried);
}
