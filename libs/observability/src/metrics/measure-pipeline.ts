import { formatTableName, isCdcError } from '@cdc-demo/cdc-core';
import type {
  PipelineEvent,
  PipelineObserver,
  PipelineState,
  UpkeepEvent,
} from '@cdc-demo/cdc-core';
import type { Metrics } from './metrics.ts';

const STATES = [
  'created',
  'starting',
  'snapshotting',
  'streaming',
  'retrying',
  'stopping',
  'stopped',
  'failed',
] as const satisfies readonly PipelineState[];

/** An observer that keeps the metrics of one pipeline. */
export function measurePipeline(metrics: Metrics, pipeline: string): PipelineObserver {
  setState(metrics, pipeline, 'created');
  return (event) => {
    measure(metrics, pipeline, event);
  };
}

function measure(metrics: Metrics, pipeline: string, event: PipelineEvent): void {
  switch (event.kind) {
    case 'state':
      setState(metrics, pipeline, event.to);
      return;
    case 'snapshot-progress': {
      const labels = { pipeline, table: formatTableName(event.table) };
      metrics.set('cdc_demo_snapshot_rows', labels, event.rows);
      metrics.set('cdc_demo_snapshot_estimated_rows', labels, event.estimatedRows);
      if (event.remainingMs !== 'unknown') {
        metrics.set('cdc_demo_snapshot_remaining_seconds', labels, event.remainingMs / 1000);
      }
      return;
    }
    case 'resync-progress': {
      const labels = { pipeline, table: formatTableName(event.table) };
      metrics.set('cdc_demo_resync_rows', labels, event.rows);
      metrics.set('cdc_demo_resyncing', labels, event.done ? 0 : 1);
      return;
    }
    case 'received':
      metrics.add('cdc_demo_transactions_received_total', { pipeline }, event.transactions);
      metrics.add('cdc_demo_changes_received_total', { pipeline }, event.changes);
      metrics.add('cdc_demo_received_bytes_total', { pipeline }, event.bytes);
      return;
    case 'table-committed':
      measureTableCommit(metrics, pipeline, event);
      return;
    case 'table-tended':
    case 'table-condition':
      measureUpkeep(metrics, pipeline, event);
      return;
    case 'batch-committed':
      metrics.observe('cdc_demo_latency_seconds', { pipeline }, event.latencyMs / 1000);
      metrics.set('cdc_demo_lag_seconds', { pipeline }, event.latencyMs / 1000);
      return;
    case 'acknowledged':
      return;
    case 'lag':
      metrics.set('cdc_demo_source_retained_bytes', { pipeline }, Number(event.retainedBytes));
      metrics.set('cdc_demo_source_behind_bytes', { pipeline }, Number(event.behindBytes));
      if (event.limitBytes !== undefined) {
        const limit = Number(event.limitBytes);
        metrics.set('cdc_demo_source_retained_limit_bytes', { pipeline }, limit);
      }
      if (event.behindBytes === 0n) metrics.set('cdc_demo_lag_seconds', { pipeline }, 0);
      return;
    case 'retry':
      metrics.add('cdc_demo_retries_total', { pipeline, code: event.error.code }, 1);
      metrics.add('cdc_demo_errors_total', { pipeline, code: event.error.code }, 1);
      return;
    case 'warning':
      return;
    case 'failed': {
      const code = isCdcError(event.error) ? event.error.code : 'unknown';
      metrics.add('cdc_demo_errors_total', { pipeline, code }, 1);
    }
  }
}

function measureTableCommit(
  metrics: Metrics,
  pipeline: string,
  event: Extract<PipelineEvent, { kind: 'table-committed' }>,
): void {
  const labels = { pipeline, table: formatTableName(event.table) };
  const { inserted, updated, deleted, files, bytes } = event.stats;
  const rows = { insert: inserted, update: updated, delete: deleted };
  for (const [operation, count] of Object.entries(rows)) {
    metrics.add('cdc_demo_rows_committed_total', { ...labels, operation }, count);
  }
  metrics.add('cdc_demo_table_commits_total', labels, 1);
  metrics.add('cdc_demo_files_written_total', labels, files);
  metrics.add('cdc_demo_written_bytes_total', labels, bytes);
  metrics.observe('cdc_demo_table_commit_seconds', labels, event.durationMs / 1000);
}

function measureUpkeep(metrics: Metrics, pipeline: string, event: UpkeepEvent): void {
  const table = formatTableName(event.table);
  if (event.kind === 'table-condition') {
    const labels = { pipeline, table };
    metrics.set('cdc_demo_table_files', labels, event.files);
    metrics.set('cdc_demo_table_bytes', labels, event.bytes);
    metrics.set('cdc_demo_table_rows', labels, event.rows);
    metrics.set('cdc_demo_table_deleted_rows', labels, event.deletedRows);
    return;
  }
  const { task, outcome, durationMs } = event;
  const labels = { pipeline, table, task };
  metrics.add('cdc_demo_upkeep_tasks_total', { ...labels, outcome }, 1);
  metrics.observe('cdc_demo_upkeep_seconds', labels, durationMs / 1000);
  if (outcome !== 'done') return;
  metrics.add('cdc_demo_upkeep_files_total', labels, event.filesBefore);
  metrics.add('cdc_demo_upkeep_bytes_total', labels, event.bytes);
}

function setState(metrics: Metrics, pipeline: string, now: PipelineState): void {
  for (const state of STATES) {
    metrics.set('cdc_demo_pipeline_state', { pipeline, state }, state === now ? 1 : 0);
  }
}
