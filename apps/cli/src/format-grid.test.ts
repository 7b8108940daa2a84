import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { PipelineEvent } from '@cdc-demo/cdc-core';
import { postgresPosition } from '@cdc-demo/cdc-core';
import { formatGrid } from './format-grid.ts';
import { OutputPipe } from './output-pipe.ts';
import { showProgress } from './show-progress.ts';

describe('formatGrid', () => {
  it('lays out columns and cuts what is too long', () => {
    const grid = formatGrid(
      ['id', 'name'],
      [
        ['1', 'x'.repeat(50)],
        ['22', 'y'],
      ],
    );
    expect(grid.split('\n')).toEqual([
      'id  name',
      `──  ${'─'.repeat(40)}`,
      `1   ${'x'.repeat(39)}…`,
      '22  y',
      '',
    ]);
  });
});

describe('OutputPipe', () => {
  it('writes everything at the reader’s pace', async () => {
    const stream = new PassThrough({ highWaterMark: 10 });
    let read = 0;
    stream.on('data', (chunk: Buffer) => (read += chunk.length));
    const pipe = new OutputPipe(stream);
    for (let i = 0; i < 2000; i++) await pipe.write('0123456789'.repeat(10));
    await pipe.end();
    expect(read).toBe(200_000);
    expect(pipe.isClosed).toBe(false);
  });

  it('stops quietly when the reader has gone', async () => {
    const stream = new PassThrough();
    const pipe = new OutputPipe(stream);
    stream.destroy(Object.assign(new Error('gone'), { code: 'EPIPE' }));
    await new Promise((resolve) => setImmediate(resolve));
    await pipe.write('x'.repeat(100_000));
    expect(pipe.isClosed).toBe(true);
  });
});

describe('showProgress', () => {
  it('says what a person wants to know, and not every step', () => {
    const lines: string[] = [];
    const observe = showProgress('p', (line) => lines.push(line));
    const table = { namespace: 'public', name: 't' };
    const position = postgresPosition(16n);
    const stats = { inserted: 1, updated: 2, deleted: 3, files: 1, bytes: 9 };
    const reading = { kind: 'snapshot-progress', table, estimatedRows: 600_000 } as const;
    const events: PipelineEvent[] = [
      { kind: 'state', from: 'created', to: 'starting' },
      { ...reading, rows: 10, rowsPerSecond: 0, remainingMs: 'unknown', done: false },
      { ...reading, rows: 300_000, rowsPerSecond: 4000, remainingMs: 75_000, done: false },
      { ...reading, rows: 300_010, rowsPerSecond: 4000, remainingMs: 75_000, done: false },
      { ...reading, rows: 560_000, rowsPerSecond: 4000, remainingMs: 'unknown', done: false },
      { ...reading, rows: 600_001, rowsPerSecond: 4000, remainingMs: 0, done: true },
      { kind: 'received', transactions: 1, changes: 6, bytes: 9, position },
      { kind: 'table-committed', table, version: 4n, stats, durationMs: 1 },
      {
        kind: 'batch-committed',
        batch: 1,
        position,
        transactions: 1,
        changes: 6,
        durationMs: 12.3,
        latencyMs: 45.6,
      },
      { kind: 'warning', message: 'Something is odd', remedy: 'Look.' },
    ];
    events.forEach(observe);
    expect(lines).toEqual([
      'p: starting',
      'p: reading public.t: 300000 of about 600000 rows, 4000 a second, 75 s left',
      'p: reading public.t: 560000 of about 600000 rows, 4000 a second',
      'p: read public.t: 600001 rows',
      'p: public.t version 4: +1 ~2 -3',
      'p: 6 changes of 1 transactions in 12 ms, 46 ms after the source, up to postgres:0/10',
      'p: Something is odd. Look.',
    ]);
  });
});
