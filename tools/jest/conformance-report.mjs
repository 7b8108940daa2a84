/** Of all cases so many have to pass or be refused as they should. */
const REQUIRED = 0.95;

const SUBJECT = 'conformance: ';
const TITLE = /^(.*?)(?: \[(refused|expectedToFail|cannotRun): (.*)\])?$/s;
const LISTS = ['refused', 'expectedToFail', 'cannotRun', 'failed'];

/**
 * The report over every test that `conformanceSuite` of `@cdc-demo/cdc-testing/contracts` declared.
 * A test file that could not run at all is a failed case.
 * @param {readonly {
 *   testFilePath: string,
 *   testExecError?: unknown,
 *   testResults: readonly {
 *     ancestorTitles: readonly string[], title: string, status: string,
 *     failureMessages?: readonly string[],
 *   }[],
 * }[]} files results of Jest, one for each test file
 */
export function conformanceReport(files) {
  const cases = files.flatMap((file) => [
    ...(file.testExecError
      ? [{ name: file.testFilePath, outcome: 'failed', reason: 'the test file does not run' }]
      : []),
    ...file.testResults.flatMap(caseOf),
  ]);
  cases.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  const count = (outcome) => cases.filter((one) => one.outcome === outcome).length;
  return {
    passed: count('passed'),
    refused: count('refused'),
    expectedToFail: count('expectedToFail'),
    cannotRun: count('cannotRun'),
    failed: count('failed'),
    cases,
  };
}

/** The report for people: the counts, and every case that did not simply pass. */
export function formatReport(report) {
  const lines = LISTS.flatMap((outcome) =>
    report.cases
      .filter((one) => one.outcome === outcome)
      .map(({ name, reason }) => `  ${outcome.padEnd(15)} ${name}: ${reason}`),
  );
  const counts = ['passed', ...LISTS].map((outcome) => `${report[outcome]} ${outcome}`);
  return ['Conformance', ...lines, `  ${counts.join(', ')}`].join('\n');
}

/** Why the report is not good enough; undefined when it is. */
export function shortcoming({ passed, refused, failed, cases }) {
  if (failed > 0) return `${failed} conformance cases failed`;
  if (cases.length === 0) return 'No conformance case ran';
  const share = (passed + refused) / cases.length;
  if (share >= REQUIRED) return undefined;
  return `Only ${(share * 100).toFixed(1)} % of the conformance cases pass, not ${REQUIRED * 100} %`;
}

function caseOf({ ancestorTitles: [suite = ''], title, status, failureMessages = [] }) {
  if (!suite.startsWith(SUBJECT)) return [];
  const [, question, outcome = 'passed', reason = ''] = TITLE.exec(title);
  const name = `${suite.slice(SUBJECT.length)}: ${question}`;
  if (status === 'passed') return [{ name, outcome, reason }];
  const what = failureMessages[0]?.split('\n')[0] ?? `the test is ${status}`;
  return [{ name, outcome: 'failed', reason: what }];
}
