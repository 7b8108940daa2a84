import type * as WasmZstd from '@bokuweb/zstd-wasm';

let loaded: Promise<typeof WasmZstd> | undefined;

/**
 * zstd in WebAssembly, for runtimes whose zlib has none (before Node 22.15). Everybody takes it
 * from here: a second `init` would put other memory under the calls of the first, and wrong bytes
 * would come of it.
 */
export function wasmZstd(): Promise<typeof WasmZstd> {
  return (loaded ??= load());
}

async function load(): Promise<typeof WasmZstd> {
  const zstd = await import('@bokuweb/zstd-wasm');
  await zstd.init();
  return zstd;
}
