/** Longest text of a cell. */
const WIDEST = 40;

/** Rows as a grid with a head, for people. */
export function formatGrid(names: readonly string[], rows: readonly (readonly string[])[]): string {
  const cut = (text: string): string =>
    text.length > WIDEST ? `${text.slice(0, WIDEST - 1)}…` : text;
  const cells = [names, ...rows].map((row) => row.map(cut));
  const widths = names.map((_name, i) => Math.max(...cells.map((row) => (row[i] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((text, i) => text.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  const [head = [], ...body] = cells;
  const rule = widths.map((width) => '─'.repeat(width));
  return `${[head, rule, ...body].map(line).join('\n')}\n`;
}
