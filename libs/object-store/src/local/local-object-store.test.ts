import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ObjectStat } from '@cdc-demo/cdc-core';
import { openObjectStore } from '../open-object-store.ts';
import { LocalObjectStore } from './local-object-store.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (found: Uint8Array | undefined): string => Buffer.from(found ?? []).toString();

async function keys(listing: AsyncIterable<ObjectStat>): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of listing) found.push(key);
  return found;
}

describe('LocalObjectStore', () => {
  let root: string;
  let store: LocalObjectStore;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'object-store-'));
    store = new LocalObjectStore(join(root, 'made/by/the/first/write'));
  });
  afterEach(() => rm(root, { recursive: true }));

  it('leaves no temporary file behind, whoever wins', async () => {
    await Promise.all(['a', 'b', 'c'].map((body) => store.putIfAbsent('folder/key', bytes(body))));
    expect(await readdir(join(root, 'made/by/the/first/write/folder'))).toEqual(['key']);
  });

  it('says which file and why when a write is not allowed', async () => {
    await store.put('file', bytes('x'));
    await expect(store.put('file/below', bytes('y'))).rejects.toMatchObject({
      code: 'object-store/not-a-folder',
      context: { code: 'EEXIST' },
    });
    await expect(store.putIfAbsent('file/below', bytes('y'))).rejects.toMatchObject({
      code: 'object-store/not-a-folder',
    });
    await expect(store.openWriter('file/below')).rejects.toMatchObject({
      code: 'object-store/not-a-folder',
    });
    expect(await store.get('file/below')).toBeUndefined();
    expect(await store.stat('file/below')).toBeUndefined();
    await store.delete('file/below');
  });

  it('lists a store that was never written as empty', async () => {
    expect(await keys(store.list(''))).toEqual([]);
  });

  it('is opened by path and by file: URL', async () => {
    await store.put('x', bytes('1'));
    for (const location of [store.url, new URL(store.url).pathname]) {
      expect(text(await openObjectStore(location).get('x'))).toBe('1');
    }
    expect(openObjectStore('file:./relative').url).toBe(openObjectStore('relative').url);
    expect(() => openObjectStore('gs://bucket/x')).toThrow(/not supported/);
  });

  it('reads a folder as no object', async () => {
    await store.put('folder/x', bytes('1'));
    expect(await store.get('folder')).toBeUndefined();
    expect(await store.stat('folder')).toBeUndefined();
  });
});
