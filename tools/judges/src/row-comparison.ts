/** Rows and who says so; the name appears in the description of a difference. */
export interface NamedRows {
  readonly name: string;
  readonly rows: readonly string[];
}

/** What one side has beyond the other. */
export interface RowDifference {
  readonly name: string;
  readonly rowCount: number;
  /** Rows that the other side lacks, counting repetitions. */
  readonly onlyHereCount: number;
  /** The first of them by their text, with repetitions. */
  readonly onlyHere: readonly string[];
}

export interface RowComparison {
  readonly equal: boolean;
  readonly left: RowDifference;
  readonly right: RowDifference;
}

const SHOWN_ROWS = 5;
const SHOWN_LENGTH = 600;

/** Compares two multisets of rows: order does not matter, repetitions do, whole rows count. */
export function compareRows(left: NamedRows, right: NamedRows): RowComparison {
  const balance = new Map<string, number>();
  for (const row of left.rows) balance.set(row, (balance.get(row) ?? 0) + 1);
  for (const row of right.rows) balance.set(row, (balance.get(row) ?? 0) - 1);
  const leftSide = difference(left, balance, 1);
  const rightSide = difference(right, balance, -1);
  const equal = leftSide.onlyHereCount === 0 && rightSide.onlyHereCount === 0;
  return { equal, left: leftSide, right: rightSide };
}

function difference(
  side: NamedRows,
  balance: ReadonlyMap<string, number>,
  sign: 1 | -1,
): RowDifference {
  const surplus = [...balance].filter(([, count]) => count * sign > 0);
  // Rows of both sides sort alike, so that the two lists show the same keys.
  surplus.sort(([a], [b]) => (a < b ? -1 : 1));
  const onlyHere: string[] = [];
  for (const [row, count] of surplus) {
    const free = SHOWN_ROWS - onlyHere.length;
    if (free === 0) break;
    onlyHere.push(...Array.from({ length: Math.min(count * sign, free) }, () => row));
  }
  const onlyHereCount = surplus.reduce((sum, [, count]) => sum + count * sign, 0);
  return { name: side.name, rowCount: side.rows.length, onlyHereCount, onlyHere };
}

/** One line when the sides are equal, otherwise the first rows that only one of them has. */
export function describeComparison({ equal, left, right }: RowComparison): string {
  if (equal) return `${left.name} and ${right.name} have the same ${left.rowCount} rows`;
  const title = `${left.name} (${left.rowCount} rows) and ${right.name} (${right.rowCount} rows) differ`;
  return [title, ...describeSide(left), ...describeSide(right)].join('\n');
}

function describeSide(side: RowDifference): string[] {
  if (side.onlyHereCount === 0) return [`only in ${side.name}: nothing`];
  const more = side.onlyHereCount - side.onlyHere.length;
  return [
    `only in ${side.name}: ${side.onlyHereCount}`,
    ...side.onlyHere.map((row) => `  ${cut(row)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}

function cut(row: string): string {
  return row.length > SHOWN_LENGTH ? `${row.slice(0, SHOWN_LENGTH)}…` : row;
}

/** Throws an error that describes the difference, unless both have the same rows. */
export function assertSameRows(left: NamedRows, right: NamedRows): void {
  const comparison = compareRows(left, right);
  if (!comparison.equal) throw new Error(describeComparison(comparison));
}
