import type { KeyIndex } from '../key-index/key-index.ts';
import { KEY_LEFT } from './row-plan.ts';
import type { RowPlan } from './row-plan.ts';

/** Keys that are sought together, so that memory answers many at a time. */
const BLOCK_KEYS = 256;

/** Where the new rows of a plan were written. */
export type Placement =
  /** All in one file, one behind the other. */
  | { readonly file: number; readonly firstRow: number }
  /** New row i as row rows[i] of files[i]. */
  | { readonly files: Uint32Array; readonly rows: Uint32Array };

/**
 * Lets the index follow a commit. To be called once, when the commit is durable, on the index that
 * the plan was made against and that has not changed since, but by other plans of the same commit.
 */
export function applyToIndex(
  plan: Pick<RowPlan, 'keys' | 'truncates'>,
  index: KeyIndex,
  placement: Placement,
): void {
  const { length, words, outcome, width } = plan.keys;
  if (plan.truncates) index.clear();
  for (let start = 0; start < length; start += BLOCK_KEYS) {
    const end = Math.min(length, start + BLOCK_KEYS);
    index.prefetch(words, start * width, end - start);
    for (let key = start; key < end; key++) {
      const write = outcome[key] ?? KEY_LEFT;
      if (write === KEY_LEFT) continue;
      index.seek(words, key * width);
      if (write < 0) index.remove();
      else if ('file' in placement) index.put(placement.file, placement.firstRow + write);
      else index.put(placement.files[write] ?? 0, placement.rows[write] ?? 0);
    }
  }
}
