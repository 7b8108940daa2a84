import zlib from 'node:zlib';
import { compress as snappyLater, compressSync as snappy } from 'snappy';
import type { Codec } from '../format/parquet-codes.ts';
import { wasmZstd } from '../format/wasm-zstd.ts';

export type ParquetCompression = 'snappy' | 'zstd' | 'uncompressed';

/**
 * How the pages of a file are compressed. What is returned shares no memory with what is given.
 */
export interface PageCompressor {
  readonly codec: Codec;
  /** Pages of this many bytes or more are worth the way to another thread and back. */
  readonly threadFrom: number;
  compress(page: Uint8Array): Uint8Array;
  /** On a thread of the runtime's pool; `page` must stay as it is until then. */
  compressOnThread(page: Uint8Array): Promise<Uint8Array>;
}

/** Buffers that snappy allocates itself cost more than copying the result into one of the heap. */
const SNAPPY_OPTIONS = { copyOutputData: true };
const ZSTD_LEVEL = 3;

const snappyCompressor: PageCompressor = {
  codec: 'SNAPPY',
  threadFrom: 64 * 1024,
  compress: (page) => snappy(page, SNAPPY_OPTIONS),
  compressOnThread: (page) => snappyLater(page, SNAPPY_OPTIONS),
};

const noCompressor: PageCompressor = {
  codec: 'UNCOMPRESSED',
  threadFrom: Infinity,
  compress: (page) => page.slice(),
  compressOnThread: (page) => Promise.resolve(page.slice()),
};

/** The compressor of a codec; zstd is the runtime's own (Node 22.15 and newer) or WebAssembly. */
export async function openCompressor(compression: ParquetCompression): Promise<PageCompressor> {
  switch (compression) {
    case 'snappy':
      return snappyCompressor;
    case 'uncompressed':
      return noCompressor;
    case 'zstd':
      return nativeZstd(zlib) ?? (await openWasmZstd());
  }
}

interface ZstdRuntime {
  readonly zstdCompressSync: (page: Uint8Array) => Uint8Array;
  readonly zstdCompress: (
    page: Uint8Array,
    done: (error: Error | null, bytes: Uint8Array) => void,
  ) => void;
}

/** The compressor of a runtime's zlib module, or undefined where that has no zstd. */
export function nativeZstd(runtime: object): PageCompressor | undefined {
  if (!('zstdCompressSync' in runtime) || !('zstdCompress' in runtime)) return undefined;
  const { zstdCompressSync, zstdCompress } = runtime as ZstdRuntime;
  return {
    codec: 'ZSTD',
    threadFrom: 64 * 1024,
    compress: (page) => zstdCompressSync(page),
    compressOnThread: (page) =>
      new Promise((resolve, reject) => {
        zstdCompress(page, (error, bytes) => {
          if (error) reject(error);
          else resolve(bytes);
        });
      }),
  };
}

let wasmCompressor: Promise<PageCompressor> | undefined;

/** zstd in WebAssembly, for runtimes without their own; one for the process, which keeps memory. */
export function openWasmZstd(): Promise<PageCompressor> {
  return (wasmCompressor ??= loadWasmZstd());
}

async function loadWasmZstd(): Promise<PageCompressor> {
  const { createCCtx, compressUsingDict } = await wasmZstd();
  // With a context that is kept, a call costs a quarter; it is to be had with a dictionary only.
  const context = createCCtx();
  const noDictionary = new Uint8Array(0);
  const compress = (page: Uint8Array): Uint8Array =>
    compressUsingDict(context, page, noDictionary, ZSTD_LEVEL);
  return {
    codec: 'ZSTD',
    threadFrom: Infinity,
    compress,
    compressOnThread: (page) => Promise.resolve(compress(page)),
  };
}
