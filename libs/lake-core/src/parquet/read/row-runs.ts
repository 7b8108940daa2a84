/** Runs of rows, ascending and apart: each two elements are [start, end). */
export type RowRuns = Uint32Array;

/** The rows [start, end). */
export function oneRun(start: number, end: number): RowRuns {
  return Uint32Array.of(start, end);
}

/** What of `runs` is in [start, end). */
export function clipRuns(runs: RowRuns, start: number, end: number): RowRuns {
  const clipped: number[] = [];
  for (let i = 0; i < runs.length; i += 2) {
    const from = Math.max(runs[i] ?? 0, start);
    const to = Math.min(runs[i + 1] ?? 0, end);
    if (from < to) clipped.push(from, to);
  }
  return Uint32Array.from(clipped);
}

/** `rows`, ascending and distinct, each less `offset`. */
export function runsOf(rows: Uint32Array, offset: number): RowRuns {
  const runs = new Uint32Array(rows.length * 2);
  let length = 0;
  for (const absolute of rows) {
    const row = absolute - offset;
    if (length > 0 && runs[length - 1] === row) runs[length - 1] = row + 1;
    else {
      runs[length++] = row;
      runs[length++] = row + 1;
    }
  }
  return runs.subarray(0, length);
}

export function rowsIn(runs: RowRuns): number {
  let rows = 0;
  for (let i = 0; i < runs.length; i += 2) rows += (runs[i + 1] ?? 0) - (runs[i] ?? 0);
  return rows;
}
