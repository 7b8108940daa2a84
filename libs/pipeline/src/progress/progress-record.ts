import { formatPosition, parsePosition } from '@cdc-demo/cdc-core';
import type { Position, ResyncRequest, StagedSnapshot, TableName } from '@cdc-demo/cdc-core';
import { z } from 'zod';

/** How far the pipeline as a whole has come. */
export type ProgressStage =
  /** Nothing is durable yet. */
  | { readonly kind: 'new' }
  /** The first rows are read; `journal` names what of them is staged, changes follow `position`. */
  | { readonly kind: 'snapshotting'; readonly position: Position; readonly journal: string }
  /** The first rows of all tables are staged; each is published at `position`. */
  | {
      readonly kind: 'staged';
      readonly position: Position;
      readonly tables: readonly StagedTable[];
    }
  /** Every table is complete up to `position`. */
  | { readonly kind: 'streaming'; readonly position: Position };

export interface StagedTable {
  readonly table: TableName;
  readonly staged: readonly StagedSnapshot[];
}

/** One record of the sequence; the newest counts. */
export interface ProgressRecord {
  /** Run of the pipeline that wrote it; the highest one of the sequence owns the pipeline. */
  readonly incarnation: number;
  /** Unique to the record: tells a writer that an unclear write was its own. */
  readonly id: string;
  /** Number of the pipeline's last commit. */
  readonly batch: number;
  /** The source's name for the history that positions belong to; null where it has none. */
  readonly history: string | null;
  readonly stage: ProgressStage;
  /**
   * The tables that the record speaks of. null in records from before there was this: those of the
   * configuration of then.
   */
  readonly tables: readonly TableName[] | null;
  /** Tables that are not complete: their rows are being read, and they are part of no cut. */
  readonly resyncs: readonly ResyncRequest[];
}

export const tableNameJson = z.object({ namespace: z.string(), name: z.string() });
export const stagedJson = z.looseObject({ rows: z.number(), bytes: z.number() });

const resync = z.object({ table: tableNameJson, after: z.array(z.string()).nullable() });

const recordJson = z.object({
  incarnation: z.int().nonnegative(),
  id: z.string().min(1),
  batch: z.int().nonnegative(),
  history: z.string().nullable(),
  stage: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('new') }),
    z.object({ kind: z.literal('snapshotting'), position: z.string(), journal: z.string() }),
    z.object({
      kind: z.literal('staged'),
      position: z.string(),
      tables: z.array(z.object({ table: tableNameJson, staged: z.array(stagedJson).min(1) })),
    }),
    z.object({ kind: z.literal('streaming'), position: z.string() }),
  ]),
  tables: z.array(tableNameJson).nullable().default(null),
  resyncs: z.array(resync).default([]),
});

export function formatProgressRecord(record: ProgressRecord): string {
  const { stage } = record;
  const json =
    stage.kind === 'new' ? stage : { ...stage, position: formatPosition(stage.position) };
  return `${JSON.stringify({ ...record, stage: json })}\n`;
}

/** @throws when the text is not a record that `formatProgressRecord` wrote */
export function parseProgressRecord(text: string): ProgressRecord {
  const record = recordJson.parse(JSON.parse(text));
  const { stage } = record;
  if (stage.kind === 'new') return { ...record, stage };
  const position = parsePosition(stage.position);
  if (stage.kind !== 'staged') return { ...record, stage: { ...stage, position } };
  const tables = stage.tables.map((entry) => ({
    table: entry.table,
    staged: entry.staged as StagedSnapshot[],
  }));
  return { ...record, stage: { ...stage, position, tables } };
}
