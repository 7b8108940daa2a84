import { describe, expect, it } from '@jest/globals';
import { jsonChecksum } from '../log/json-checksum.ts';
import { encodeLastCheckpoint } from './last-checkpoint.ts';

describe('_last_checkpoint', () => {
  it('D28: carries a checksum of itself', () => {
    const encoded = encodeLastCheckpoint({
      version: 10n,
      size: 12,
      sizeInBytes: 3456,
      numOfAddFiles: 7,
    });
    const text = Buffer.from(encoded).toString();
    const read = JSON.parse(text) as { checksum: string };
    expect(read).toMatchObject({ version: 10, size: 12, sizeInBytes: 3456, numOfAddFiles: 7 });
    expect(jsonChecksum(text)).toBe(read.checksum);
  });
});
