import { readFile } from 'node:fs/promises';

const LF = 0x0a;

/** The lines of a file of canonical rows, without their ends. Files of several GB are fine. */
export async function readRowLines(path: string): Promise<string[]> {
  const bytes = await readFile(path);
  const lines: string[] = [];
  let start = 0;
  while (start < bytes.length) {
    const found = bytes.indexOf(LF, start);
    const end = found === -1 ? bytes.length : found;
    if (end > start) lines.push(bytes.toString('utf8', start, end));
    start = end + 1;
  }
  return lines;
}

const COMMIT_TIMESTAMP = /,"_commit_timestamp":"[^"]*"\}$/;

/**
 * Change rows without their `_commit_timestamp`, which has to be the last column. For tables
 * without in-commit timestamps it is the time of the log file, which a copy of the table changes.
 */
export function withoutCommitTimestamp(lines: readonly string[]): string[] {
  return lines.map((line) => line.replace(COMMIT_TIMESTAMP, '}'));
}
