export { PipelineError, pipelinePolicy } from './errors.ts';
export type { PipelineErrorCode } from './errors.ts';
export type { CommitLimits } from './batching/batch.ts';
export { ProgressLog } from './progress/progress-log.ts';
export type { AppendOutcome } from './progress/progress-log.ts';
export type { ProgressRecord, ProgressStage, StagedTable } from './progress/progress-record.ts';
export { sendResync } from './progress/resync-signals.ts';
export { Pipeline } from './run/pipeline.ts';
export type { PipelineOptions } from './run/pipeline-options.ts';
export type { RetryLimits } from './run/retry.ts';
export { loadConfig, parseConfig } from './config/load-config.ts';
export { stateLocation } from './config/pipeline-config.ts';
export type {
  ConfigFile,
  RestCatalogConfig,
  SinkConfig,
  PipelineConfig,
  PostgresSourceConfig,
} from './config/pipeline-config.ts';
export { systemClock } from './run/system-clock.ts';
