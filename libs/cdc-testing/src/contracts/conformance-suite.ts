import { describe, expect, it } from '@jest/globals';

/** What has to come of a case, with the reason where that is not that it passes. */
export type ExpectedOutcome =
  | { readonly kind: 'passed' }
  /** The specification asks for an error, and `run` asserts it. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** A gap that is known: `run` has to fail, so that closing it forces the entry out. */
  | { readonly kind: 'expectedToFail'; readonly reason: string }
  /** What the case needs is not there; `run` is not called. */
  | { readonly kind: 'cannotRun'; readonly reason: string };

/** One question about something that another implementation wrote. */
export interface ConformanceCase {
  readonly name: string;
  /** By default `passed`. */
  readonly outcome?: ExpectedOutcome;
  readonly timeoutMs?: number;
  readonly run: () => Promise<void>;
}

const PASSED: ExpectedOutcome = { kind: 'passed' };

/**
 * Declares one test for each case. Titles carry the outcome, so that whoever sees the results of
 * any number of test files (`tools/jest/conformance-reporter.mjs`) can merge them into one report.
 * @param subject what conforms to what, as `Delta, tables of Spark`
 * @throws RangeError when there are no cases: fixtures that are missing are a failure
 */
export function conformanceSuite(subject: string, cases: readonly ConformanceCase[]): void {
  if (cases.length === 0) throw new RangeError(`The conformance suite ${subject} has no cases`);
  describe(`conformance: ${subject}`, () => {
    for (const one of cases) it(titleOf(one), () => runCase(one), one.timeoutMs);
  });
}

function titleOf({ name, outcome = PASSED }: ConformanceCase): string {
  return outcome.kind === 'passed' ? name : `${name} [${outcome.kind}: ${outcome.reason}]`;
}

/** Runs a case and asserts its outcome. */
export async function runCase({ outcome = PASSED, run }: ConformanceCase): Promise<void> {
  if (outcome.kind !== 'passed') expect(outcome.reason).not.toBe('');
  if (outcome.kind === 'cannotRun') return;
  if (outcome.kind !== 'expectedToFail') {
    await run();
    return;
  }
  const result = run().then(
    () => 'passes now: take it off the list of what is expected to fail',
    () => 'fails',
  );
  expect(await result).toBe('fails');
}
