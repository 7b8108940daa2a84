import { formatPosition, formatTableName, isCdcError } from '@cdc-demo/cdc-core';
import type { Logger, PipelineEvent, PipelineObserver, UpkeepEvent } from '@cdc-demo/cdc-core';

/** An observer that logs what a pipeline does. */
export function logPipeline(logger: Logger): PipelineObserver {
  return (event) => {
    log(logger, event);
  };
}

function log(logger: Logger, event: PipelineEvent): void {
  switch (event.kind) {
    case 'state':
      logger.info(`pipeline is ${event.to}`, { from: event.from, state: event.to });
      return;
    case 'snapshot-progress': {
      const { rows, estimatedRows, done, remainingMs } = event;
      const table = formatTableName(event.table);
      const rowsPerSecond = Math.round(event.rowsPerSecond);
      const remaining = remainingMs === 'unknown' ? {} : { remainingMs: Math.round(remainingMs) };
      if (done) logger.info('table was read', { table, rows, rowsPerSecond });
      else
        logger.debug('reading table', { table, rows, estimatedRows, rowsPerSecond, ...remaining });
      return;
    }
    case 'resync-progress': {
      const { rows, estimatedRows, done } = event;
      const table = formatTableName(event.table);
      if (done) logger.info('table was resynced', { table, rows });
      else logger.debug('resyncing table', { table, rows, estimatedRows });
      return;
    }
    case 'received':
      logger.debug('transactions received', {
        transactions: event.transactions,
        changes: event.changes,
        bytes: event.bytes,
        position: formatPosition(event.position),
      });
      return;
    case 'table-committed':
      logger.debug('table committed', {
        table: formatTableName(event.table),
        version: event.version,
        ...event.stats,
        durationMs: Math.round(event.durationMs),
      });
      return;
    case 'table-tended':
    case 'table-condition':
      logUpkeep(logger, event);
      return;
    case 'batch-committed':
      logger.info('batch committed', {
        batch: event.batch,
        position: formatPosition(event.position),
        transactions: event.transactions,
        changes: event.changes,
        durationMs: Math.round(event.durationMs),
        latencyMs: Math.round(event.latencyMs),
      });
      return;
    case 'acknowledged':
      logger.debug('source acknowledged', { position: formatPosition(event.position) });
      return;
    case 'lag':
      logger.debug('lag', { retainedBytes: event.retainedBytes, behindBytes: event.behindBytes });
      return;
    default:
      logTrouble(logger, event);
  }
}

function logUpkeep(logger: Logger, event: UpkeepEvent): void {
  const { kind, table: name, ...counts } = event;
  const table = formatTableName(name);
  if (kind === 'table-condition') logger.debug('condition of a table', { table, ...counts });
  else logger.info('table was looked after', { table, ...counts });
}

function logTrouble(
  logger: Logger,
  event: Extract<PipelineEvent, { kind: 'retry' | 'warning' | 'failed' }>,
): void {
  switch (event.kind) {
    case 'retry': {
      const { code, message, remedy } = event.error;
      const { attempt, delayMs } = event;
      logger.warn(`${message}; trying again`, { code, remedy, attempt, delayMs });
      return;
    }
    case 'warning':
      logger.warn(event.message, { remedy: event.remedy });
      return;
    case 'failed': {
      const { error } = event;
      const message = error instanceof Error ? error.message : String(error);
      if (isCdcError(error)) logger.error(message, { code: error.code, remedy: error.remedy });
      else logger.error(message, { stack: error instanceof Error ? error.stack : undefined });
    }
  }
}
