import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { conformanceReport, formatReport, shortcoming } from './conformance-report.mjs';

/** Prints what the conformance suites of a run found, and writes it to `dist/conformance.json`. */
export default class ConformanceReporter {
  #shortcoming;

  onRunComplete(_contexts, { testResults }) {
    const report = conformanceReport(testResults);
    const folder = join(import.meta.dirname, '../../dist');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'conformance.json'), `${JSON.stringify(report, undefined, 2)}\n`);
    process.stdout.write(`\n${formatReport(report)}\n`);
    this.#shortcoming = shortcoming(report);
    if (this.#shortcoming) process.stdout.write(`  ${this.#shortcoming}\n`);
  }

  getLastError() {
    return this.#shortcoming === undefined ? undefined : new Error(this.#shortcoming);
  }
}
