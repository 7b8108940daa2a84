export { PostgresSource } from './source/postgres-source.ts';
export type { PostgresSourceOptions } from './source/source-settings.ts';
export { connectionTarget, describeTarget } from './connection/connection-target.ts';
export type {
  ConnectionTarget,
  PostgresConnectionOptions,
  TlsMode,
  TlsOptions,
} from './connection/connection-target.ts';
export { preflight } from './preflight/preflight.ts';
export type { PreflightOptions } from './preflight/preflight.ts';
export { defaultSlotName } from './source/slot.ts';
export { PostgresError, postgresPolicy } from './errors.ts';
export type { PostgresErrorCode } from './errors.ts';
