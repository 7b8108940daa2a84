import process from 'node:process';
import { describe, expect, it } from '@jest/globals';
import { CdcError } from '@cdc-demo/cdc-core';
import type { ErrorKind } from '@cdc-demo/cdc-core';
import { exitCode } from './exit-code.ts';
import { stopOnSignal } from './stop-on-signal.ts';

describe('stopOnSignal', () => {
  it('aborts at the first signal and leaves the second to the system', () => {
    const before = process.listenerCount('SIGTERM');
    let asked = 0;
    using stop = stopOnSignal(() => asked++);
    process.emit('SIGTERM');
    expect(stop.signal.aborted).toBe(true);
    expect(asked).toBe(1);
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });

  it('listens no more after disposal', () => {
    const before = process.listenerCount('SIGINT');
    {
      using stop = stopOnSignal(() => undefined);
      expect(process.listenerCount('SIGINT')).toBe(before + 1);
      expect(stop.signal.aborted).toBe(false);
    }
    expect(process.listenerCount('SIGINT')).toBe(before);
  });
});

describe('exitCode', () => {
  it.each<[ErrorKind, number]>([
    ['failed', 1],
    ['configuration', 2],
    ['source-refused', 3],
    ['target-refused', 4],
    ['fenced', 5],
  ])('of an error that is %s is %i', (kind, code) => {
    const policy = { retry: 'never', kind, remedy: 'Act' } as const;
    expect(exitCode(new CdcError({ code: 'x/y', message: 'm', policy }))).toBe(code);
    expect(exitCode(new Error('a mistake of ours'))).toBe(1);
  });
});
