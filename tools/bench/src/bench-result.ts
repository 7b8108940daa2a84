/** One figure of a benchmark, beside the limit that was measured in the same run. */
export interface BenchResult {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** The same work by a server, a drain client or another engine; null where there is none. */
  readonly limit: number | null;
  /** `value / limit` for rates, the other way round for times: larger is better. */
  readonly ratio: number | null;
  readonly cpuSeconds: number | null;
  readonly peakMemoryBytes: number | null;
  /** What the figure is of, and what it was compared with. */
  readonly note: string;
}

/** A table for the terminal and for Markdown. */
export function formatResults(results: readonly BenchResult[]): string {
  const head = ['name', 'value', 'limit', 'ratio', 'CPU s', 'peak MB', 'what'];
  const rows = results.map((result) => [
    result.name,
    `${round(result.value)} ${result.unit}`,
    result.limit === null ? '' : round(result.limit),
    result.ratio === null ? '' : result.ratio.toFixed(2),
    result.cpuSeconds === null ? '' : result.cpuSeconds.toFixed(2),
    result.peakMemoryBytes === null ? '' : (result.peakMemoryBytes / 1e6).toFixed(0),
    result.note,
  ]);
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** Median of numbers; NaN of none. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The value below which a share of all values lies. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function round(value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}
