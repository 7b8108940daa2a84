import { expect, test } from '@jest/globals';
import { createColumn } from '@cdc-demo/cdc-core';
import type { Field } from '@cdc-demo/cdc-core';
import { ByteBuffer } from '../format/byte-buffer.ts';
import { leafColumns } from '../format/leaf-column.ts';
import { ChunkWriter } from './chunk-writer.ts';
import type { PageCompressor } from './compression.ts';

const field: Field = { id: 1, name: 'a', type: { kind: 'date' }, nullable: true };

/** A compressor whose threads end when the test says so. */
class HeldCompressor implements PageCompressor {
  readonly codec = 'SNAPPY';
  readonly threadFrom = 0;
  readonly held: { page: Uint8Array; end: (error?: Error) => void }[] = [];

  compress(page: Uint8Array): Uint8Array {
    return page.slice(0, 1);
  }

  compressOnThread(page: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const end = (error?: Error) => (error ? reject(error) : resolve(this.compress(page)));
      this.held.push({ page, end });
    });
  }
}

function writerOf(compressor: PageCompressor): ChunkWriter {
  const settings = { compressor, pageRows: 2, pageBytes: 1 << 20, scratch: new ByteBuffer() };
  const chunk = new ChunkWriter(leafColumns([field])[0]!, settings);
  const column = createColumn(field.type);
  for (const day of [1, 2, 3, 4]) column.appendValue(day);
  chunk.appendRows(column, { from: 0, to: 2 }, 2);
  chunk.appendRows(column, { from: 2, to: 4 }, 2);
  return chunk;
}

test('pages that end out of order on threads stay in order', async () => {
  const compressor = new HeldCompressor();
  const chunk = writerOf(compressor);
  const [first, second] = compressor.held;
  // Levels of six bytes before two values of four.
  expect([chunk.bytes, chunk.compressingBytes]).toEqual([28, 28]);
  expect(first!.page.subarray(6)).toEqual(Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0));
  second!.end();
  first!.end();
  await chunk.settle();
  expect([chunk.bytes, chunk.compressingBytes]).toEqual([2, 0]);
  const { pages, summary } = chunk.takeChunk();
  expect(pages.map(({ body, uncompressedSize }) => [body.length, uncompressedSize])).toEqual([
    [1, 14],
    [1, 14],
  ]);
  expect(summary).toMatchObject({ valueCount: 4, nullCount: 0 });
});

test('a page that cannot be compressed fails the chunk when it settles', async () => {
  const compressor = new HeldCompressor();
  const chunk = writerOf(compressor);
  compressor.held[0]!.end(new Error('no memory'));
  compressor.held[1]!.end();
  await expect(chunk.settle()).rejects.toThrow('no memory');
});
