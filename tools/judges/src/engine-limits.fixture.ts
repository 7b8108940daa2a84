import type { JudgeEngine } from './installation.ts';
import type { JudgeErrorCode } from './judge-error.ts';

/** A case that an engine cannot judge, and why. Asserted, so that a fix shows. */
export interface EngineLimit {
  readonly engine: JudgeEngine;
  /** Cases whose name matches. */
  readonly cases: RegExp;
  readonly code: JudgeErrorCode;
  readonly message: RegExp;
  readonly reason: string;
}

export const ENGINE_LIMITS: readonly EngineLimit[] = [
  {
    engine: 'duckdb',
    cases: / changes /,
    code: 'judge/unsupported',
    message: /does not read the change feed/,
    reason: 'DuckDB has no function for the change feed',
  },
  {
    engine: 'delta-rs',
    cases: /^spark\/clustered_variant /,
    code: 'judge/unsupported',
    message: /does not decode variants/,
    reason: 'a variant comes as its two binary parts',
  },
  {
    engine: 'delta-rs',
    cases: /^spark\/everything /,
    code: 'judge/engine',
    message: /Unsupported table features required: \[TypeWidening\]/,
    reason: 'delta-rs refuses type widening',
  },
  {
    engine: 'delta-rs',
    cases: /^spark\/dv_cdf_partitioned changes of version 6$/,
    code: 'judge/unsupported',
    message: /removes a whole file that has a deletion vector/,
    reason: 'load_cdf answers the rows that the vector deletes; the judge refuses',
  },
  {
    engine: 'delta-rs',
    cases: /^cdf\/cdf-column-mapping-name-mode changes /,
    code: 'judge/engine',
    message: /Column mapping is not supported/,
    reason: 'load_cdf refuses column mapping',
  },
  {
    engine: 'delta-rs',
    cases: /^cdf\/cdf-table-(partitioned|simple|update-ops) changes /,
    code: 'judge/engine',
    message: /Failed to fetch metadata for file .*%25/s,
    reason: 'load_cdf takes the URL-encoded path of an action for the name of the file',
  },
  {
    engine: 'chdb',
    cases: /^spark\/clustered_variant /,
    code: 'judge/unsupported',
    message: /no exact form of variant/,
    reason: 'ClickHouse refuses Delta variants',
  },
];

/** Columns that chDB is not asked for, because they hold a NULL that it reads as empty. */
export const CHDB_LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  'spark/dv_cdf_partitioned': ['tags'],
  'spark/everything': ['extra', 'pos'],
};

/** Answers that are known to differ from Spark's, and why. Asserted, so that a fix shows. */
export const DIFFERING_ANSWERS: readonly {
  readonly engines: readonly JudgeEngine[];
  readonly cases: RegExp;
  readonly reason: string;
}[] = [
  {
    engines: ['chdb', 'delta-rs'],
    cases: /^cdf\/cdf-table-with-dv changes of version [56]$/,
    reason:
      'the inline vector of version 5 was edited by hand: a group of its Z85 text exceeds 32 bits',
  },
];

const ALL_REFUSE = ['spark refuses', 'delta-rs refuses', 'duckdb refuses', 'chdb refuses'] as const;

/** Golden tables that not every engine reads like Spark, and why. Asserted, each exactly. */
export const GOLDEN_EXCEPTIONS: readonly {
  readonly tables: RegExp;
  readonly verdicts: readonly string[];
  readonly reason: string;
}[] = [
  {
    tables: /^deltalog-(invalid|state|commit-info)|^versions-not|^update-deleted|absolute-paths/,
    verdicts: ALL_REFUSE,
    reason: 'the log is invalid',
  },
  {
    tables: /^hive$|^no-delta-log-folder$/,
    verdicts: ALL_REFUSE,
    reason: 'the folder is no Delta table',
  },
  {
    tables: /^checkpoint$|^delete-re-add-|^log-replay-special-characters-b$/,
    verdicts: ALL_REFUSE,
    reason: 'the data files are not there',
  },
  {
    tables: /^canonicalized-paths-/,
    verdicts: ['delta-rs refuses', 'duckdb refuses', 'chdb refuses'],
    reason: 'only Spark takes an absolute path and the same path as a URI for one file',
  },
  {
    tables: /^basic-with-vacuum-protocol-check-feature$/,
    verdicts: ['delta-rs refuses'],
    reason: 'delta-rs refuses the feature vacuumProtocolCheck',
  },
  {
    tables: /^data-reader-timestamp_ntz-(id|name)-mode$/,
    verdicts: ['duckdb differs'],
    reason: 'DuckDB reads a timestamp_ntz partition column under column mapping as NULL',
  },
  {
    tables: /^parquet-all-types-legacy-format$/,
    verdicts: ['duckdb refuses'],
    reason: 'DuckDB fails on lists in the two-level form of old Parquet writers',
  },
  {
    tables:
      /^data-reader-(array-|map|nested|nullable|partition-values)|^parquet-all-types|^table-with-columnmapping/,
    verdicts: ['chdb refuses'],
    reason: 'chDB reads NULL lists, maps and structs as empty',
  },
];
