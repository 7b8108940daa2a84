/** One conformance case and what came of it; a reason for everything but `passed`. */
export interface ReportedCase {
  readonly name: string;
  readonly outcome: 'passed' | 'refused' | 'expectedToFail' | 'cannotRun' | 'failed';
  readonly reason: string;
}

export type ConformanceReport = Readonly<Record<ReportedCase['outcome'], number>> & {
  readonly cases: readonly ReportedCase[];
};

/** Of Jest's result of a test file, what the report needs. */
export interface TestFileResult {
  readonly testFilePath: string;
  readonly testExecError?: unknown;
  readonly testResults: readonly {
    readonly ancestorTitles: readonly string[];
    readonly title: string;
    readonly status: string;
    readonly failureMessages?: readonly string[];
  }[];
}

export function conformanceReport(files: readonly TestFileResult[]): ConformanceReport;
export function formatReport(report: ConformanceReport): string;
export function shortcoming(report: ConformanceReport): string | undefined;
