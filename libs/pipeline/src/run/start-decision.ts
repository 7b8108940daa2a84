import { formatTableName } from '@cdc-demo/cdc-core';
import type { OpenOutcome, Position, ResyncRequest, TableName } from '@cdc-demo/cdc-core';
import { PipelineError } from '../errors.ts';
import type { ProgressStage, StagedTable } from '../progress/progress-record.ts';

/** How the configured tables differ from those that the progress speaks of. */
export interface TableChanges {
  /** Nothing is on record of these: their rows have to be read. */
  readonly added: readonly TableName[];
  /** These are followed no more; what their destinations hold stays. */
  readonly left: readonly TableName[];
}

export type StartDecision =
  | { readonly kind: 'snapshot' }
  /** A run before read some of the first rows, as the journal says. */
  | { readonly kind: 'resume-snapshot'; readonly position: Position; readonly journal: string }
  /** The rows are staged: publish them, then follow from `position`. */
  | {
      readonly kind: 'publish';
      readonly position: Position;
      readonly tables: readonly StagedTable[];
      readonly added: readonly TableName[];
      readonly left: readonly TableName[];
    }
  | ({ readonly kind: 'follow'; readonly position: Position } & TableChanges)
  /** The progress was lost; the tables and the source's own record still know. */
  | { readonly kind: 'follow-source-record' }
  | { readonly kind: 'follow-from-now' }
  | { readonly kind: 'refused'; readonly error: PipelineError };

export interface Findings {
  readonly stage: ProgressStage;
  readonly tables: readonly { readonly table: TableName; readonly outcome: OpenOutcome }[];
  readonly snapshot: 'initial' | 'never';
  /** Of the progress record. */
  readonly known: readonly TableName[] | null;
  readonly resyncs: readonly ResyncRequest[];
}

/** How a run begins, from what the progress and the tables say. */
export function decideStart(findings: Findings): StartDecision {
  const { stage, tables, snapshot } = findings;
  const missing = tables.filter(({ outcome }) => outcome.outcome === 'missing');
  const found = tables.find(({ outcome }) => outcome.outcome !== 'missing');
  switch (stage.kind) {
    case 'snapshotting':
      if (found) return { kind: 'refused', error: tableIsThere(found.table) };
      return { kind: 'resume-snapshot', position: stage.position, journal: stage.journal };
    case 'staged':
      return publishStaged(stage, findings);
    case 'streaming': {
      const changes = changesOf(findings.known, findings);
      const gone = missing.find(({ table }) => !includes(changes.added, table));
      if (gone) return { kind: 'refused', error: tableIsGone(gone.table) };
      return { kind: 'follow', position: stage.position, ...changes };
    }
    case 'new':
      if (missing.length === tables.length) {
        return snapshot === 'initial' ? { kind: 'snapshot' } : { kind: 'follow-from-now' };
      }
      if (missing[0]) return { kind: 'refused', error: tableIsGone(missing[0].table) };
      return { kind: 'follow-source-record' };
  }
}

/** Of what was staged, the tables that are still wanted. */
function publishStaged(
  stage: ProgressStage & { kind: 'staged' },
  findings: Findings,
): StartDecision {
  const changes = changesOf(
    stage.tables.map(({ table }) => table),
    findings,
  );
  const tables = stage.tables.filter(({ table }) => !includes(changes.left, table));
  return { kind: 'publish', position: stage.position, tables, ...changes };
}

function changesOf(known: Findings['known'], { tables, resyncs }: Findings): TableChanges {
  if (known === null) return { added: [], left: [] };
  const configured = tables.map(({ table }) => table);
  // A run may have ended between the record of a new table and its first version.
  const begun = resyncs.flatMap(({ table, after }) => (after === null ? [table] : []));
  const isAdded = ({ table, outcome }: Findings['tables'][number]): boolean =>
    !includes(known, table) || (outcome.outcome === 'missing' && includes(begun, table));
  return {
    added: tables.filter(isAdded).map(({ table }) => table),
    left: known.filter((table) => !includes(configured, table)),
  };
}

function includes(tables: readonly TableName[], wanted: TableName): boolean {
  const name = formatTableName(wanted);
  return tables.some((table) => formatTableName(table) === name);
}

function tableIsThere(table: TableName): PipelineError {
  const name = formatTableName(table);
  return new PipelineError(
    'pipeline/table-exists',
    `The destination of ${name} exists, though its first rows are still being read`,
    { context: { table: name } },
  );
}

function tableIsGone(table: TableName): PipelineError {
  const name = formatTableName(table);
  return new PipelineError(
    'pipeline/position-missing',
    `The destination of ${name} does not exist, though the pipeline has been running`,
    {
      context: { table: name },
      remedy:
        'Restore the table; or remove the other tables and the state folder of this pipeline to begin anew',
    },
  );
}
