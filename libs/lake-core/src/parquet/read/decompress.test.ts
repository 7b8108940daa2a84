import zlib from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { CompressionCodec } from 'hyparquet';
import { compressSync as snappy } from 'snappy';
import { wasmZstd } from '../format/wasm-zstd.ts';
import { nativeUnzstd, openDecompressors, wasmUnzstd } from './decompress.ts';

const text = new TextEncoder().encode('abcabcabcabcabcabcabcabc'.repeat(20));

/** One LZ4 block that holds `text` as literals. */
function lz4(bytes: Uint8Array): Uint8Array {
  const extra = bytes.length - 15;
  const lengths = [...Array<number>(Math.floor(extra / 255)).fill(255), extra % 255];
  return Uint8Array.from([0xf0, ...lengths, ...bytes]);
}

/** Blocks as Hadoop frames them: size, compressed size, block. */
function hadoop(block: Uint8Array, size: number): Uint8Array {
  const framed = new Uint8Array(8 + block.length);
  const view = new DataView(framed.buffer);
  view.setUint32(0, size);
  view.setUint32(4, block.length);
  framed.set(block, 8);
  return framed;
}

describe('decompressors', () => {
  it.each<[CompressionCodec, () => Uint8Array]>([
    ['UNCOMPRESSED', () => text],
    ['SNAPPY', () => snappy(text)],
    ['GZIP', () => zlib.gzipSync(text)],
    ['BROTLI', () => zlib.brotliCompressSync(text)],
    ['LZ4_RAW', () => lz4(text)],
    ['LZ4', () => hadoop(lz4(text), text.length)],
    ['LZ4', () => lz4(text)],
  ])('of %s give back what was compressed', async (codec, compress) => {
    const decompress = (await openDecompressors([codec])).get(codec)!;
    expect(Buffer.from(decompress(compress(), text.length)).equals(text)).toBe(true);
  });

  it('of GZIP take what was compressed in several members', async () => {
    const decompress = (await openDecompressors(['GZIP'])).get('GZIP')!;
    const members = Buffer.concat([
      zlib.gzipSync(text.subarray(0, 100)),
      zlib.gzipSync(text.subarray(100)),
    ]);
    expect(Buffer.from(decompress(members, text.length)).equals(text)).toBe(true);
  });

  it('of ZSTD come from the runtime where it has one, else from WebAssembly', async () => {
    const { compress } = await wasmZstd();
    const compressed = compress(text, 3);
    const opened = (await openDecompressors(['ZSTD'])).get('ZSTD')!;
    expect(opened(compressed, text.length)).toEqual(text);
    const wasm = await wasmUnzstd();
    expect(wasm(compressed, text.length)).toEqual(text);
    expect(nativeUnzstd({})).toBeUndefined();
    const calls: unknown[] = [];
    const zstdDecompressSync = (bytes: Uint8Array, options: unknown): Uint8Array => {
      calls.push(options);
      return wasm(bytes, text.length);
    };
    expect(nativeUnzstd({ zstdDecompressSync })?.(compressed, text.length)).toEqual(text);
    expect(calls).toEqual([{ maxOutputLength: text.length }]);
  });

  it('do not give more than the page says it has', async () => {
    const opened = await openDecompressors(['GZIP', 'BROTLI']);
    const gzip = opened.get('GZIP')!;
    const brotli = opened.get('BROTLI')!;
    expect(() => gzip(zlib.gzipSync(text), 10)).toThrow();
    expect(() => brotli(zlib.brotliCompressSync(text), 10)).toThrow();
  });

  it('are left out for codecs that are not known', async () => {
    expect((await openDecompressors(['LZO'])).size).toBe(0);
  });
});
