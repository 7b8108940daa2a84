import { describe, expect, it } from '@jest/globals';
import { failpoint } from './failpoint.ts';
import type { FaultName } from './failpoint.ts';
import type { PortCall } from './port-call.ts';
import { stepOf } from './steps.ts';

const call: PortCall = {
  port: 'store',
  operation: 'putIfAbsent',
  key: `progress/${'0'.repeat(20)}.json`,
};
const other: PortCall = { port: 'store', operation: 'get', key: 'part-1.parquet' };

/** What happened, in order. */
function rig(fault: FaultName): {
  readonly log: string[];
  readonly point: ReturnType<typeof failpoint>;
  readonly proceed: () => Promise<string>;
} {
  const log: string[] = [];
  const point = failpoint(
    { step: 'progress', nth: 2, fault },
    {
      kill: () => {
        log.push('killed');
        return Promise.reject(new Error('gone'));
      },
      replaced: async () => void log.push('replaced'),
      overtake: async (key) => void log.push(`overtaken at ${key.slice(0, 8)}`),
      hit: () => log.push('hit'),
    },
  );
  const proceed = async (): Promise<string> => {
    log.push('done');
    return 'answer';
  };
  return { log, point, proceed };
}

describe('failpoint', () => {
  it.each<[FaultName, readonly string[]]>([
    ['kill-before', ['hit', 'killed']],
    ['kill-after', ['hit', 'done', 'killed']],
    ['error-before', ['hit']],
    ['error-after', ['hit', 'done']],
    ['late-success', ['hit']],
  ])('%s at the second time that the step comes', async (fault, expected) => {
    const { log, point, proceed } = rig(fault);
    expect(await point.around(call, proceed)).toBe('answer');
    expect(await point.around(other, proceed)).toBe('answer');
    log.splice(0);
    await expect(point.around(call, proceed)).rejects.toThrow();
    expect(log).toEqual(expected);
  });

  it.each<[FaultName, readonly string[]]>([
    ['zombie', ['hit', 'replaced', 'done']],
    ['second-writer', ['hit', 'overtaken at progress', 'done']],
  ])('%s goes on afterwards', async (fault, expected) => {
    const { log, point, proceed } = rig(fault);
    await point.around(call, proceed);
    log.splice(0);
    expect(await point.around(call, proceed)).toBe('answer');
    expect(log).toEqual(expected);
  });

  it('makes the late call before the next try, once', async () => {
    const { log, point, proceed } = rig('late-success');
    await point.around(call, proceed);
    await expect(point.around(call, proceed)).rejects.toThrow('timed out');
    log.splice(0);
    await point.around(call, proceed);
    await point.late();
    expect(log).toEqual(['done', 'done']);
  });
});

describe('stepOf', () => {
  it.each<[PortCall['port'], string, string, string | undefined]>([
    ['source', 'message', 'transactions', 'transaction'],
    ['source', 'message', 'snapshot-rows', 'snapshot-rows'],
    ['source', 'message', 'heartbeat', undefined],
    ['source', 'acknowledge', '', 'acknowledge'],
    ['store', 'write', 'part-1.parquet', 'data-file'],
    ['store', 'close', 'part-1.parquet', 'data-file-durable'],
    ['store', 'close', '_change_data/cdc-1.parquet', 'change-file'],
    ['store', 'putIfAbsent', 'ab/deletion_vector_1.bin', 'deletion-vector'],
    ['store', 'putIfAbsent', `_delta_log/${'0'.repeat(20)}.json`, 'log-entry'],
    ['store', 'close', `_delta_log/${'0'.repeat(20)}.checkpoint.parquet`, 'checkpoint'],
    ['store', 'put', '_delta_log/_last_checkpoint', 'checkpoint-hint'],
    ['store', 'putIfAbsent', `_delta_log/${'0'.repeat(20)}.crc`, undefined],
    ['store', 'delete', `progress/${'0'.repeat(20)}.json`, 'progress-trim'],
    ['store', 'delete', 'part-stage-1.parquet', 'sweep'],
    ['store', 'write', '_change_data/cdc-1.parquet', undefined],
    ['store', 'get', 'part-1.parquet', undefined],
    ['catalog', 'POST', '/v1/namespaces/lake/tables/people', 'log-entry'],
    ['catalog', 'POST', '/v1/namespaces/lake/tables', undefined],
    ['catalog', 'GET', '/v1/namespaces/lake/tables/people', undefined],
  ])('of %s %s %s is %s', (port, operation, key, step) => {
    expect(stepOf({ port, operation, key })).toBe(step);
  });

  it('of the log entry of a compaction is compaction', () => {
    const key = `_delta_log/${'0'.repeat(20)}.json`;
    const body = Buffer.from('{"commitInfo":{"operation":"OPTIMIZE"}}\n{"add":{}}\n');
    expect(stepOf({ port: 'store', operation: 'putIfAbsent', key, body })).toBe('compaction');
    const commit = {
      port: 'catalog',
      operation: 'POST',
      key: '/v1/namespaces/lake/tables/people',
      body: Buffer.from('{"updates":[{"snapshot":{"summary":{"operation":"replace"}}}]}'),
    } as const;
    expect(stepOf(commit)).toBe('compaction');
  });
});
