import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startJudge } from './judge-client.ts';
import { JudgeProcess } from './judge-process.ts';
import { encodeRequest, LineCutter } from './judge-protocol.ts';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'judge-process-'));
});
afterAll(() => rm(scratch, { recursive: true }));

const READY = `console.log('{"ready":true,"engine":"duckdb","version":"v"}');`;

/** A process that speaks the protocol with the given script instead of an engine. */
function processOf(script: string): JudgeProcess {
  return new JudgeProcess('duckdb', [process.execPath, '-e', script], scratch);
}

test('engines that are not installed fail with a sentence that names the install script', async () => {
  const cache = process.env['CDC_CACHE'];
  process.env['CDC_CACHE'] = scratch;
  try {
    await expect(startJudge('spark')).rejects.toMatchObject({
      code: 'judge/not-installed',
      message: expect.stringMatching(/tools\/judges\/install\.sh/),
    });
  } finally {
    if (cache === undefined) delete process.env['CDC_CACHE'];
    else process.env['CDC_CACHE'] = cache;
  }
});

test('a process that ends before it is ready fails with its last words', async () => {
  const judge = processOf(`console.error('no heap'); process.exit(3);`);
  await expect(judge.ready).rejects.toMatchObject({
    code: 'judge/start-failed',
    message: 'duckdb ended (exit 3):\nno heap',
  });
  await judge.end();
});

test('a program that is not there fails to start', async () => {
  const judge = new JudgeProcess('spark', [join(scratch, 'absent')], scratch);
  await expect(judge.ready).rejects.toMatchObject({ code: 'judge/start-failed' });
  await judge.end();
});

test('answers reach the requests they belong to and refusals carry their kind', async () => {
  const judge = processOf(`${READY}
    process.stdin.setEncoding('utf8').on('data', (text) => {
      for (const line of text.trim().split('\\n')) {
        const { id, op } = JSON.parse(line);
        console.log(JSON.stringify(op === 'memory'
          ? { id, ok: true, residentBytes: 7 }
          : { id, ok: false, kind: op === 'versions' ? 'unsupported' : 'engine', error: op }));
      }
    });`);
  expect(await judge.ready).toBe('v');
  const [memory, versions, rows] = await Promise.allSettled([
    judge.ask({ op: 'memory' }),
    judge.ask({ op: 'versions', table: '/t' }),
    judge.ask({ op: 'rows', table: '/t', out: '/o' }),
  ]);
  expect(memory).toMatchObject({ value: { residentBytes: 7 } });
  expect(versions).toMatchObject({
    reason: { code: 'judge/unsupported', message: 'duckdb: versions' },
  });
  expect(rows).toMatchObject({ reason: { code: 'judge/engine', message: 'duckdb: rows' } });
  await judge.end();
});

test('a process that dies fails the request under way and every later one', async () => {
  const judge = processOf(`${READY} process.stdin.once('data', () => {
    console.error('out of memory'); process.exit(9); });`);
  await judge.ready;
  const died = { code: 'judge/died', message: 'duckdb ended (exit 9):\nout of memory' };
  await expect(judge.ask({ op: 'memory' })).rejects.toMatchObject(died);
  await expect(judge.ask({ op: 'memory' })).rejects.toMatchObject(died);
  await judge.end();
});

test('versions of any integer type are numbers on the wire', () => {
  expect(encodeRequest(1, { op: 'changes', table: '/t', from: 0n, to: 5, out: '/o' })).toBe(
    '{"id":1,"op":"changes","table":"/t","from":0,"to":5,"out":"/o"}\n',
  );
});

test('lines that arrive in pieces are put together', () => {
  const cutter = new LineCutter();
  expect(cutter.push('{"a"')).toEqual([]);
  expect(cutter.push(':1}\n{"b":\u20282}\n{')).toEqual(['{"a":1}', '{"b":\u20282}']);
  expect(cutter.push('}\n')).toEqual(['{}']);
});
