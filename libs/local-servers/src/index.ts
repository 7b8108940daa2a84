export { startPostgres } from './postgres/local-postgres.ts';
export type { LocalPostgres, LocalPostgresOptions } from './postgres/local-postgres.ts';
export type { PostgresVersion } from './postgres/binaries.ts';
export { testedVersions, testedVersionsFrom } from './postgres/tested-versions.ts';
export type { ServerTls } from './postgres/data-folder.ts';
export { LocalServerError, policy } from './errors.ts';
export type { LocalServerErrorCode } from './errors.ts';
export { startIcebergRest } from './iceberg-rest/local-iceberg-rest.ts';
export type {
  LocalIcebergRest,
  LocalIcebergRestOptions,
} from './iceberg-rest/local-iceberg-rest.ts';
export { startMinio } from './minio/local-minio.ts';
export type { LocalMinio } from './minio/local-minio.ts';
