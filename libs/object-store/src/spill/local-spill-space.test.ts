import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LocalSpillSpace } from './local-spill-space.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spill-test-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const text = (read: Uint8Array): string => Buffer.from(read).toString();

test('what was appended is read back, from the start of a buffer of its own', async () => {
  const space = new LocalSpillSpace({ folder });
  const file = await space.create();
  await file.append([bytes('one'), bytes(''), bytes('two')]);
  await file.append(Array.from({ length: 3000 }, () => bytes('x')));
  expect(file.size).toBe(3006);
  expect(space.usedBytes).toBe(3006);
  const read = await file.read(1, 5);
  expect(text(read)).toBe('netwo');
  expect(read.byteOffset).toBe(0);
  await expect(file.read(3000, 10)).rejects.toThrow('ends before');
  await file.truncate(3);
  await file.truncate(100);
  await file.append([bytes('!')]);
  expect(text(await file.read(0, 4))).toBe('one!');
  expect(space.usedBytes).toBe(4);
  await file.release();
  await file.release();
  expect(space.usedBytes).toBe(0);
});

test('no name stays in the folder, so that a crash leaves nothing; its owner alone may look', async () => {
  const space = new LocalSpillSpace({ folder: join(folder, 'deep', 'er') });
  const file = await space.create();
  await file.append([bytes('row values')]);
  expect(await readdir(join(folder, 'deep', 'er'))).toEqual([]);
  expect((await stat(join(folder, 'deep', 'er'))).mode & 0o077).toBe(0);
  await file.release();
});

test('what a crash left between two steps is swept, and nothing else', async () => {
  await writeFile(join(folder, 'spill-1234'), 'left');
  await writeFile(join(folder, 'other'), 'kept');
  const file = await new LocalSpillSpace({ folder }).create();
  expect(await readdir(folder)).toEqual(['other']);
  await file.release();
});

test('beyond its limit it is full, with the remedy, until room is given back', async () => {
  const space = new LocalSpillSpace({ folder, maxBytes: 10 });
  const file = await space.create();
  await file.append([bytes('123456')]);
  await expect(file.append([bytes('789'), bytes('ab')])).rejects.toMatchObject({
    code: 'object-store/spill-full',
    retry: 'never',
    remedy: expect.stringContaining('spill.maxBytes'),
  });
  expect(file.size).toBe(6);
  await file.release();
  const second = await space.create();
  await second.append([bytes('789'), bytes('ab')]);
  expect(text(await second.read(0, 5))).toBe('789ab');
  await second.release();
});

test('a folder that cannot be made is refused, and tried again', async () => {
  const at = join(folder, 'file', 'folder');
  await writeFile(join(folder, 'file'), '');
  const space = new LocalSpillSpace({ folder: at });
  await expect(space.create()).rejects.toMatchObject({
    code: 'object-store/spill-failed',
    context: { errno: 'ENOTDIR' },
  });
  await rm(join(folder, 'file'));
  await (await space.create()).release();
});

test('a file that is written after its release says so', async () => {
  const file = await new LocalSpillSpace({ folder }).create();
  await file.release();
  await expect(file.append([bytes('x')])).rejects.toMatchObject({
    code: 'object-store/spill-failed',
  });
});
