import { describe, expect, test } from '@jest/globals';
import { compressors } from 'hyparquet-compressors';
import { uncompressSync } from 'snappy';
import { nativeZstd, openCompressor, openWasmZstd } from './compression.ts';
import type { PageCompressor } from './compression.ts';

const pages = [new Uint8Array(0), Uint8Array.of(1), new Uint8Array(100_000).fill(7)];

const areEqual = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

async function both(compressor: PageCompressor, page: Uint8Array): Promise<Uint8Array[]> {
  return [compressor.compress(page), await compressor.compressOnThread(page)];
}

describe('compression', () => {
  test('snappy gives raw snappy, at once and on a thread', async () => {
    const snappy = await openCompressor('snappy');
    for (const page of pages) {
      for (const compressed of await both(snappy, page)) {
        expect(areEqual(uncompressSync(compressed) as Buffer, page)).toBe(true);
      }
    }
  });

  test('zstd gives frames of the pages, whoever opens it and how often', async () => {
    const opened = [await openCompressor('zstd'), await openWasmZstd(), await openWasmZstd()];
    for (const zstd of opened) {
      for (const page of pages.slice(1)) {
        for (const compressed of await both(zstd, page)) {
          expect(areEqual(compressors.ZSTD!(compressed, page.length), page)).toBe(true);
        }
      }
    }
  });

  test('without compression a page is copied', async () => {
    const none = await openCompressor('uncompressed');
    for (const page of pages) {
      for (const copy of await both(none, page)) {
        expect(areEqual(copy, page)).toBe(true);
        expect(copy.buffer).not.toBe(page.buffer);
      }
    }
  });

  test('the zstd of the runtime is taken where it has one', async () => {
    expect(nativeZstd({})).toBeUndefined();
    const wasm = await openWasmZstd();
    const failure = new Error('out of memory');
    const native = nativeZstd({
      zstdCompressSync: (page: Uint8Array) => wasm.compress(page),
      zstdCompress(page: Uint8Array, done: (error: Error | null, bytes: Uint8Array) => void) {
        if (page.length === 0) done(failure, page);
        else done(null, wasm.compress(page));
      },
    })!;
    const page = pages[2]!;
    for (const compressed of await both(native, page)) {
      expect(areEqual(compressors.ZSTD!(compressed, page.length), page)).toBe(true);
    }
    await expect(native.compressOnThread(pages[0]!)).rejects.toBe(failure);
  });
});
