import zlib from 'node:zlib';
import type { CompressionCodec } from 'hyparquet';
import { decompressLz4, decompressLz4Raw } from 'hyparquet-compressors';
import { uncompressSync as unsnappy } from 'snappy';
import { wasmZstd } from '../format/wasm-zstd.ts';

/** Gives the `size` bytes that were compressed; may throw anything for damaged input. */
export type Decompress = (bytes: Uint8Array, size: number) => Uint8Array;

export type Decompressors = ReadonlyMap<CompressionCodec, Decompress>;

/** Buffers that snappy allocates itself cost more than copying the result into one of the heap. */
const SNAPPY_OPTIONS = { asBuffer: true, copyOutputData: true };

const BUILT_IN: Readonly<Partial<Record<CompressionCodec, Decompress>>> = {
  UNCOMPRESSED: (bytes) => bytes,
  SNAPPY: (bytes) => unsnappy(bytes, SNAPPY_OPTIONS) as Buffer,
  GZIP: (bytes, size) => zlib.gunzipSync(bytes, { maxOutputLength: size }),
  BROTLI: (bytes, size) => zlib.brotliDecompressSync(bytes, { maxOutputLength: size }),
  LZ4: decompressLz4,
  LZ4_RAW: decompressLz4Raw,
};

/** Ready decompressors for those of `codecs` that are known. */
export async function openDecompressors(
  codecs: Iterable<CompressionCodec>,
): Promise<Decompressors> {
  const opened = new Map<CompressionCodec, Decompress>();
  for (const codec of codecs) {
    const decompress = codec === 'ZSTD' ? await openZstd() : BUILT_IN[codec];
    if (decompress) opened.set(codec, decompress);
  }
  return opened;
}

async function openZstd(): Promise<Decompress> {
  return nativeUnzstd(zlib) ?? (await wasmUnzstd());
}

interface ZstdRuntime {
  readonly zstdDecompressSync: (
    bytes: Uint8Array,
    options: { readonly maxOutputLength: number },
  ) => Uint8Array;
}

/** That of a runtime's zlib module (Node 22.15 and newer), or undefined where it has no zstd. */
export function nativeUnzstd(runtime: object): Decompress | undefined {
  if (!('zstdDecompressSync' in runtime)) return undefined;
  const { zstdDecompressSync } = runtime as ZstdRuntime;
  return (bytes, size) => zstdDecompressSync(bytes, { maxOutputLength: size });
}

/** zstd in WebAssembly, for runtimes without their own. */
export async function wasmUnzstd(): Promise<Decompress> {
  const { decompress } = await wasmZstd();
  return (bytes, size) => decompress(bytes, { defaultHeapSize: size });
}
