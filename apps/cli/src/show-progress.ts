import { formatPosition, formatTableName } from '@cdc-demo/cdc-core';
import type { PipelineEvent, PipelineObserver, SourceLag } from '@cdc-demo/cdc-core';

/** Rows between two lines about a table that is being read. */
const ROWS_PER_LINE = 250_000;
const MEGABYTE = 1_000_000;
const SEGMENT_MEGABYTES = 16;

/** An observer that writes a line for whatever a person in front of a terminal wants to know. */
export function showProgress(pipeline: string, write: (line: string) => void): PipelineObserver {
  const shown = new Map<string, number>();
  return (event) => {
    const line = describe(event, shown);
    if (line !== undefined) write(`${pipeline}: ${line}`);
  };
}

/** Kept log is worth a line once it is as much as a segment, and each time that it doubles. */
function describeLag(event: SourceLag, shown: Map<string, number>): string | undefined {
  const megabytes = Math.round(Number(event.retainedBytes) / MEGABYTE);
  const last = shown.get('lag') ?? SEGMENT_MEGABYTES;
  if (megabytes < last / 2) shown.set('lag', Math.max(megabytes, SEGMENT_MEGABYTES));
  if (megabytes < 2 * last) return undefined;
  shown.set('lag', megabytes);
  const { limitBytes } = event;
  const limit =
    limitBytes === undefined ? '' : ` of at most ${Math.round(Number(limitBytes) / MEGABYTE)} MB`;
  return `the source keeps ${megabytes} MB${limit} of log until it is in the tables`;
}

function describe(event: PipelineEvent, shown: Map<string, number>): string | undefined {
  switch (event.kind) {
    case 'state':
      return event.to;
    case 'snapshot-progress': {
      const table = formatTableName(event.table);
      if (event.done) return `read ${table}: ${event.rows} rows`;
      if (event.rows - (shown.get(table) ?? 0) < ROWS_PER_LINE) return undefined;
      shown.set(table, event.rows);
      const rate = `${event.rowsPerSecond.toFixed(0)} a second`;
      const { remainingMs } = event;
      const left = remainingMs === 'unknown' ? '' : `, ${(remainingMs / 1000).toFixed(0)} s left`;
      return `reading ${table}: ${event.rows} of about ${event.estimatedRows} rows, ${rate}${left}`;
    }
    case 'resync-progress': {
      const table = formatTableName(event.table);
      if (event.done) return `resynced ${table}: ${event.rows} rows read`;
      return `resyncing ${table}: ${event.rows} of about ${event.estimatedRows} rows read`;
    }
    case 'table-committed': {
      const { inserted, updated, deleted } = event.stats;
      const rows = `+${inserted} ~${updated} -${deleted}`;
      return `${formatTableName(event.table)} version ${event.version.toString()}: ${rows}`;
    }
    case 'batch-committed': {
      const { changes, transactions, durationMs, latencyMs, position } = event;
      const size = `${changes} changes of ${transactions} transactions`;
      const times = `in ${durationMs.toFixed(0)} ms, ${latencyMs.toFixed(0)} ms after the source`;
      return `${size} ${times}, up to ${formatPosition(position)}`;
    }
    case 'lag':
      return describeLag(event, shown);
    case 'retry':
      return `${event.error.message}; attempt ${event.attempt + 1} in ${event.delayMs} ms`;
    case 'warning':
      return `${event.message}. ${event.remedy}`;
    default:
      return undefined;
  }
}
