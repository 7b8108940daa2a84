import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeProcess } from '@cdc-demo/cdc-testing';

const MODULE = new URL('../dist/unsynced-writes.js', import.meta.url).href;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unsynced-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What a folder holds after a loss of power behind these steps. */
async function after(steps: string): Promise<Record<string, string>> {
  const program = `
    import { UnsyncedWrites } from '${MODULE}';
    import { link, open, rename, writeFile } from 'node:fs/promises';
    const at = (name) => ${JSON.stringify(folder)} + '/' + name;
    await writeFile(at('old'), 'old');
    const writes = UnsyncedWrites.install();
    const write = async (name, sync) => {
      const file = await open(at(name), 'wx');
      await file.writeFile(name);
      if (sync) await file.datasync();
      await file.close();
    };
    const syncFolder = async () => {
      const handle = await open(${JSON.stringify(folder)}, 'r');
      await handle.sync();
      await handle.close();
    };
    ${steps}
    writes.lose();`;
  const child = new NodeProcess(['--input-type=module', '-e', program]);
  expect(await child.exited).toEqual({ code: 0, signal: null });
  const names = readdirSync(folder).sort();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

it.each([
  ['bytes', `await write('a', false);`, { a: '', old: 'old' }],
  ['a new name', `await write('a', true); await link(at('a'), at('b'));`, { a: 'a', old: 'old' }],
  ['a replaced file', `await write('a', true); await rename(at('a'), at('old'));`, { old: 'old' }],
])('loses %s that were not synced', async (_, steps, expected) => {
  expect(await after(steps)).toEqual(expected);
});

it('keeps what was synced', async () => {
  const steps = `
    await write('a', true);
    await write('b', true);
    await link(at('a'), at('c'));
    await rename(at('b'), at('old'));
    await syncFolder();`;
  expect(await after(steps)).toEqual({ a: 'a', c: 'a', old: 'b' });
});
