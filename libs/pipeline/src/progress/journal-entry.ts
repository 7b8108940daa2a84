import type { JsonValue, StagedSnapshot, TableName } from '@cdc-demo/cdc-core';
import { z } from 'zod';
import { stagedJson, tableNameJson } from './progress-record.ts';

/** One step of a snapshot. */
export interface JournalEntry {
  /** Unique to the entry: tells a writer that an unclear write was its own. */
  readonly id: string;
  readonly change: JournalChange;
}

export type JournalChange =
  | { readonly kind: 'run'; readonly run: JsonValue; readonly discarded: readonly TableName[] }
  | {
      readonly kind: 'unit';
      readonly table: TableName;
      readonly unit: JsonValue;
      readonly staged: StagedSnapshot;
    }
  | { readonly kind: 'discard'; readonly table: TableName };

const entryJson = z.object({
  id: z.string().min(1),
  change: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('run'), run: z.json(), discarded: z.array(tableNameJson) }),
    z.object({
      kind: z.literal('unit'),
      table: tableNameJson,
      unit: z.json(),
      staged: stagedJson,
    }),
    z.object({ kind: z.literal('discard'), table: tableNameJson }),
  ]),
});

export function formatJournalEntry(entry: JournalEntry): string {
  return `${JSON.stringify(entry)}\n`;
}

/** @throws when the text is not an entry that `formatJournalEntry` wrote */
export function parseJournalEntry(text: string): JournalEntry {
  return entryJson.parse(JSON.parse(text)) as JournalEntry;
}
