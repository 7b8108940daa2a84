import { describe, expect, it } from '@jest/globals';
import type { FileLocation } from '@cdc-demo/lake-core';
import { defaultFileResolver } from '@cdc-demo/lake-core';
import { locateFile } from './file-location.ts';
import { LocalObjectStore } from '@cdc-demo/object-store';
import { MemoryStore } from '../snapshot/memory-store.fixture.ts';

const table = new LocalObjectStore('/lake/my table');
const url = ({ store, key }: FileLocation): string => `${store.url}${key}`;

describe('a path of the log', () => {
  it.each([
    ['a/b.parquet', 'a/b.parquet'],
    ['_2=bar+%252521/part', '_2=bar+%2521/part'],
    ['special%20p@%23h', 'special p@#h'],
    ['c2=+%20%253D%25250/x', 'c2=+ =%3D%250/x'.replace(' =', ' ')],
    ['./a//b', 'a/b'],
    ['%C3%A9', 'é'],
    ['file:///lake/my%20table/a%20b', 'a b'],
    ['/lake/my%20table/x', 'x'],
    ['a/../b', 'b'],
  ])('D19: %s is the key %s of the table', (path, key) => {
    expect(locateFile(table, path)).toEqual({ store: table, key });
  });

  it.each([
    ['/other/a%20b/c%2525', 'file:///other/a%20b/', 'c%25'],
    ['file:/other/c', 'file:///other/', 'c'],
    ['file:///other/c', 'file:///other/', 'c'],
    ['..//other/c', 'file:///lake/other/', 'c'],
  ])('%s is outside of the table', (path, storeUrl, key) => {
    const found = locateFile(table, path);
    expect([found.store.url, found.key]).toEqual([storeUrl, key]);
  });

  it('on another storage needs a resolver', () => {
    expect(() => locateFile(table, 'gs://bucket/a%20b')).toThrow(
      expect.objectContaining({ code: 'delta/foreign-storage' }),
    );
    const store = new MemoryStore();
    const resolve = ({ href }: URL): FileLocation => ({ store, key: href });
    expect(locateFile(table, 'gs://bucket/a%20b', resolve).key).toBe('gs://bucket/a%20b');
    expect(defaultFileResolver(new URL('gs://bucket/a'))).toBeUndefined();
    const onS3 = defaultFileResolver(new URL('s3a://bucket/a%20b/c'));
    expect([onS3?.store.url, onS3?.key]).toEqual(['s3://bucket/', 'a b/c']);
  });

  it('without scheme is on the storage of the table', () => {
    const seen: string[] = [];
    const resolve = ({ href }: URL): FileLocation => {
      seen.push(href);
      return { store: table, key: 'x' };
    };
    locateFile(new MemoryStore(), '/elsewhere/x', resolve);
    expect(seen).toEqual(['memory:///elsewhere/x']);
    expect(url(locateFile(new MemoryStore(), 'memory:///table/x', resolve))).toBe(
      'memory:///table/x',
    );
  });

  it.each(['100%', 's3://[', '/lake/my%20table/%zz'])('%s is refused', (path) => {
    expect(() => locateFile(table, path)).toThrow(
      expect.objectContaining({
        code: expect.stringMatching(/delta\/(log-corrupt|foreign-storage)/),
      }),
    );
  });
});
