import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readRowLines, withoutCommitTimestamp } from './row-lines.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'row-lines-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function linesOf(content: string): Promise<string[]> {
  const path = join(folder, 'rows.jsonl');
  await writeFile(path, content);
  return readRowLines(path);
}

test('lines end at LF only, so that U+2028 and CR stay inside a row', async () => {
  expect(await linesOf('{"a":"é\u2028\r"}\n{"a":"世"}\n')).toEqual([
    '{"a":"é\u2028\r"}',
    '{"a":"世"}',
  ]);
});

test('a missing last end is no loss and an empty file has no rows', async () => {
  expect(await linesOf('{"a":1}\n{"a":2}')).toEqual(['{"a":1}', '{"a":2}']);
  expect(await linesOf('')).toEqual([]);
});

test('the commit timestamp goes and nothing that looks like it inside a value', () => {
  expect(
    withoutCommitTimestamp([
      '{"a":"x,\\"_commit_timestamp\\":\\"y\\"}","_commit_version":1,"_commit_timestamp":"2024-01-01T00:00:00.000000Z"}',
      '{"a":1}',
    ]),
  ).toEqual(['{"a":"x,\\"_commit_timestamp\\":\\"y\\"}","_commit_version":1}', '{"a":1}']);
});
