/** One metric: the only place where its name, labels and meaning stand. */
export interface MetricDefinition {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

const SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** Every metric of a runner, by name. Units are base units, named last. */
export const metricDefinitions = {
  cdc_demo_transactions_received_total: {
    kind: 'counter',
    help: 'Source transactions that were received whole',
    labels: ['pipeline'],
  },
  cdc_demo_changes_received_total: {
    kind: 'counter',
    help: 'Row changes in those transactions',
    labels: ['pipeline'],
  },
  cdc_demo_received_bytes_total: {
    kind: 'counter',
    help: 'Bytes of the values of those changes',
    labels: ['pipeline'],
  },
  cdc_demo_rows_committed_total: {
    kind: 'counter',
    help: 'Net rows of the commits, by operation (insert, update, delete)',
    labels: ['pipeline', 'table', 'operation'],
  },
  cdc_demo_table_commits_total: {
    kind: 'counter',
    help: 'Commits of a destination table',
    labels: ['pipeline', 'table'],
  },
  cdc_demo_table_commit_seconds: {
    kind: 'histogram',
    help: 'Time from planning a table commit to its durability',
    labels: ['pipeline', 'table'],
    buckets: SECONDS,
  },
  cdc_demo_files_written_total: {
    kind: 'counter',
    help: 'Files that the commits added: data, change data and deletion vectors',
    labels: ['pipeline', 'table'],
  },
  cdc_demo_written_bytes_total: {
    kind: 'counter',
    help: 'Bytes of those files',
    labels: ['pipeline', 'table'],
  },
  cdc_demo_upkeep_tasks_total: {
    kind: 'counter',
    help: 'Tasks of upkeep (compact, clean-log, vacuum, expire-snapshots, remove-orphans) by outcome',
    labels: ['pipeline', 'table', 'task', 'outcome'],
  },
  cdc_demo_upkeep_seconds: {
    kind: 'histogram',
    help: 'Time that such a task took beside the commits, its rests included',
    labels: ['pipeline', 'table', 'task'],
    buckets: SECONDS,
  },
  cdc_demo_upkeep_files_total: {
    kind: 'counter',
    help: 'Files that upkeep has merged or deleted',
    labels: ['pipeline', 'table', 'task'],
  },
  cdc_demo_upkeep_bytes_total: {
    kind: 'counter',
    help: 'Bytes that upkeep has written (compact) or deleted (all other tasks)',
    labels: ['pipeline', 'table', 'task'],
  },
  cdc_demo_table_files: {
    kind: 'gauge',
    help: 'Live data files of a destination table',
    labels: ['pipeline', 'table'],
  },
  cdc_demo_table_bytes: {
    kind: 'gauge',
    help: 'Bytes of those files',
    labels: ['pipeline', 'table'],
  },
  cdc_demo_table_rows: {
    kind: 'gauge',
    help: 'Rows in those files, deleted ones included',
    labels: ['pipeline', 'table'],
  },
  cdc_demo_table_deleted_rows: {
    kind: 'gauge',
    help: 'Rows in those files that are deleted and not yet dropped',
    labels: ['pipeline', 'table'],
  },
  cdc_demo_latency_seconds: {
    kind: 'histogram',
    help: "From the newest transaction's commit at the source to its durability in every table",
    labels: ['pipeline'],
    buckets: SECONDS,
  },
  cdc_demo_lag_seconds: {
    kind: 'gauge',
    help: 'The same for the newest batch; 0 while the pipeline has nothing to do',
    labels: ['pipeline'],
  },
  cdc_demo_source_retained_bytes: {
    kind: 'gauge',
    help: 'Log that the source keeps because of this pipeline',
    labels: ['pipeline'],
  },
  cdc_demo_source_retained_limit_bytes: {
    kind: 'gauge',
    help: 'Log that the source may keep because of this pipeline (maxRetainedBytes)',
    labels: ['pipeline'],
  },
  cdc_demo_source_behind_bytes: {
    kind: 'gauge',
    help: 'Log that the source wrote since the acknowledged position',
    labels: ['pipeline'],
  },
  cdc_demo_snapshot_rows: {
    kind: 'gauge',
    help: 'Rows that the first snapshot has read',
    labels: ['pipeline', 'table'],
  },
  cdc_demo_snapshot_estimated_rows: {
    kind: 'gauge',
    help: 'Rows that the source expects in the table',
    labels: ['pipeline', 'table'],
  },
  cdc_demo_snapshot_remaining_seconds: {
    kind: 'gauge',
    help: 'Time until the table is read, at the present rate',
    labels: ['pipeline', 'table'],
  },
  cdc_demo_resyncing: {
    kind: 'gauge',
    help: '1 while the rows of a followed table are read beside the stream',
    labels: ['pipeline', 'table'],
  },
  cdc_demo_resync_rows: {
    kind: 'gauge',
    help: 'Rows that this run has read beside the stream',
    labels: ['pipeline', 'table'],
  },
  cdc_demo_pipeline_state: {
    kind: 'gauge',
    help: '1 for the state that the pipeline is in, 0 for the others',
    labels: ['pipeline', 'state'],
  },
  cdc_demo_retries_total: {
    kind: 'counter',
    help: 'Attempts after an error that may pass, by error code',
    labels: ['pipeline', 'code'],
  },
  cdc_demo_errors_total: {
    kind: 'counter',
    help: 'Errors that ended an attempt or the pipeline, by error code',
    labels: ['pipeline', 'code'],
  },
} as const satisfies Record<string, MetricDefinition>;

export type MetricName = keyof typeof metricDefinitions;
