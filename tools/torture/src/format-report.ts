import type { Violation } from '@cdc-demo/cdc-testing';
import type { TortureReport } from './random-torture.ts';

/** For people: figures, faults by step, and violations with the seeds that repeat them. */
export function formatReport(report: TortureReport, seconds: number): string {
  const { runs, kills, checks, transactions, seeds, places, violations } = report;
  const lives = Object.entries(places).map(([place, times]) => `${times} ${place}`);
  const lines = [
    `${kills} kills in ${runs} runs, ${checks} checks, ${transactions} transactions`,
    `${seeds.length} lives (${lives.join(', ')}) in ${Math.round(seconds)} s, seeds ${span(seeds)}`,
    ...Object.entries(report.faults)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([fault, times]) => `${String(times).padStart(6)}  ${fault}`),
    `${violations.length} violations`,
  ];
  return [...lines, ...violations.map(formatViolation)].join('\n');
}

/** What is wrong in which table, and where the seed and the pipeline are known, those. */
export function formatViolation(
  violation: Violation & { readonly seed?: number; readonly pipeline?: string },
): string {
  const { seed, pipeline = '', invariant, table, version, wanted, found } = violation;
  const repeat = seed === undefined ? '' : `: repeat with CDC_SEED=${seed}`;
  return [
    `  ${invariant} of ${pipeline} ${table} version ${String(version)}${repeat}`,
    `    missing ${excerpt(wanted)}`,
    `    found   ${excerpt(found)}`,
  ].join('\n');
}

/** The same as JSON, with versions as text. */
export function reportJson(report: TortureReport, seconds: number): string {
  const text = (_key: string, value: unknown): unknown =>
    typeof value === 'bigint' ? value.toString() : value;
  return `${JSON.stringify({ ...report, seconds: Math.round(seconds) }, text, 2)}\n`;
}

function span(seeds: readonly number[]): string {
  return `${String(seeds[0] ?? '')} to ${String(seeds.at(-1) ?? '')}`;
}

function excerpt(rows: readonly string[]): string {
  const [first = 'nothing'] = rows;
  const more = rows.length > 1 ? ` and ${rows.length - 1} more` : '';
  return `${first.slice(0, 160)}${more}`;
}
