export { startJudge } from './judge-client.ts';
export type { Judge, JudgeEngine, JudgeMemory } from './judge-client.ts';
export { JudgeError } from './judge-error.ts';
export type { JudgeErrorCode } from './judge-error.ts';
export type { ChangesRequest, ReadRequest, RowsRequest, WriteStep } from './judge-protocol.ts';
export { assertSameRows, compareRows, describeComparison } from './row-comparison.ts';
export type { NamedRows, RowComparison, RowDifference } from './row-comparison.ts';
export { readRowLines, withoutCommitTimestamp } from './row-lines.ts';
