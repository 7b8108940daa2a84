import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ListOptions, ObjectStore } from '@cdc-demo/cdc-core';

/** A store to test, empty, with a key prefix that no other test uses. */
export interface StoreUnderTest {
  readonly store: ObjectStore;
  readonly dispose: () => Promise<void>;
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (found: Uint8Array | undefined): string | undefined =>
  found && Buffer.from(found).toString();

async function keys(store: ObjectStore, prefix: string, options?: ListOptions): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of store.list(prefix, options)) found.push(key);
  return found;
}

/** Everything that the `ObjectStore` port promises; each implementation calls it. */
export function objectStoreContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(`ObjectStore contract: ${name}`, () => {
    let under: StoreUnderTest;
    let store: ObjectStore;
    beforeEach(async () => {
      under = await make();
      store = under.store;
    });
    afterEach(() => under.dispose());

    it('gives back what was put, and nothing for what was not', async () => {
      await store.put('a/b', bytes('one'));
      expect(text(await store.get('a/b'))).toBe('one');
      expect(await store.get('a/c')).toBeUndefined();
      expect(await store.stat('a/b')).toMatchObject({ key: 'a/b', size: 3 });
      expect(await store.stat('a/c')).toBeUndefined();
    });

    it('replaces an object as a whole', async () => {
      await store.put('key', bytes('a longer body'));
      await store.put('key', bytes('short'));
      expect(text(await store.get('key'))).toBe('short');
    });

    it('lets exactly one of many exclusive creates win', async () => {
      const bodies = Array.from({ length: 20 }, (_, i) => `writer ${String(i)}`);
      const results = await Promise.all(bodies.map((b) => store.putIfAbsent('log/1', bytes(b))));
      expect(results.filter((r) => r === 'created')).toHaveLength(1);
      expect(text(await store.get('log/1'))).toBe(bodies[results.indexOf('created')]);
    });

    it('does not create over an object that was put', async () => {
      await store.put('key', bytes('first'));
      expect(await store.putIfAbsent('key', bytes('second'))).toBe('exists');
      expect(text(await store.get('key'))).toBe('first');
    });

    it('reads ranges from the start, from the end, and past the end', async () => {
      await store.put('key', bytes('0123456789'));
      expect(text(await store.getRange('key', 2, 5))).toBe('234');
      expect(text(await store.getRange('key', -3))).toBe('789');
      expect(text(await store.getRange('key', -30))).toBe('0123456789');
      expect(text(await store.getRange('key', 8, 20))).toBe('89');
      expect(text(await store.getRange('key', 20, 30))).toBe('');
      await expect(store.getRange('none', 0, 1)).rejects.toMatchObject({
        code: 'object-store/not-found',
      });
    });

    it('lists in the order of UTF-8 bytes, after a key, below a prefix', async () => {
      const all = ['a-b', 'a.b', 'a/1', 'a/2/x', 'a/2/y', 'a0', 'b', 'é', '\u{ffff}', '\u{1f600}'];
      for (const key of [...all].reverse()) await store.put(key, bytes(key));
      expect(await keys(store, '')).toEqual(all);
      expect(await keys(store, 'a/')).toEqual(['a/1', 'a/2/x', 'a/2/y']);
      expect(await keys(store, 'a/2')).toEqual(['a/2/x', 'a/2/y']);
      expect(await keys(store, 'a/', { delimiter: '/' })).toEqual(['a/1']);
      expect(await keys(store, '', { after: 'a/2/x' })).toEqual(all.slice(all.indexOf('a/2/y')));
      expect(await keys(store, 'a/', { after: 'a/1' })).toEqual(['a/2/x', 'a/2/y']);
      expect(await keys(store, 'z')).toEqual([]);
    });

    it('uses keys literally', async () => {
      const odd = ['p=a%20b/x y', 'ü/ö', 'quote\'"', 'plus+and&', 'a:b'];
      for (const key of odd) await store.put(key, bytes(key));
      for (const key of odd) expect(text(await store.get(key))).toBe(key);
      expect(await keys(store, '')).toEqual(
        odd.toSorted((a, b) => Buffer.compare(bytes(a), bytes(b))),
      );
    });

    it.each(['', '/a', 'a//b', '.', 'a/../b', '..', 'a/.', 'a/', 'a\0b'])(
      'refuses the key %j',
      async (key) => {
        const refused = { code: 'object-store/invalid-key' };
        await expect(store.put(key, bytes('x'))).rejects.toMatchObject(refused);
        await expect(store.get(key)).rejects.toMatchObject(refused);
        await expect(store.delete(key)).rejects.toMatchObject(refused);
      },
    );

    it('deletes, also what does not exist', async () => {
      await store.put('key', bytes('x'));
      await store.delete('key');
      await store.delete('key');
      expect(await store.get('key')).toBeUndefined();
      expect(await store.putIfAbsent('key', bytes('again'))).toBe('created');
    });

    it('shows a written object only when it is closed', async () => {
      const writer = await store.openWriter('folder/file');
      const piece = Buffer.alloc(70_000, 'a');
      await writer.write(piece);
      piece.fill('b');
      await writer.write(piece);
      expect(writer.size).toBe(140_000);
      expect(await keys(store, '')).toEqual([]);
      await writer.close();
      expect((await store.stat('folder/file'))?.size).toBe(140_000);
      expect(text(await store.getRange('folder/file', 69_998, 70_002))).toBe('aabb');
    });

    it('leaves nothing of an aborted object', async () => {
      const writer = await store.openWriter('folder/file');
      await writer.write(bytes('x'));
      await writer.abort();
      await writer.abort();
      expect(await keys(store, '')).toEqual([]);
    });

    it('keeps an empty object', async () => {
      await store.put('empty', bytes(''));
      expect(text(await store.get('empty'))).toBe('');
      expect(text(await store.getRange('empty', 0, 10))).toBe('');
    });
  });
}
