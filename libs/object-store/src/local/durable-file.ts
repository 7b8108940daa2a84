import { open, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Makes the names in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}

/** Creates a folder and its parents, the new names durable. */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  for (let folder = path; ; folder = dirname(folder)) {
    await syncFolder(dirname(folder));
    if (folder === first) return;
  }
}

/** Writes a new file whose bytes survive a crash; its name does only after `syncFolder`. */
export async function writeFileDurably(path: string, body: Uint8Array): Promise<void> {
  await using file = await open(path, 'wx');
  await file.writeFile(body);
  await file.datasync();
}
