import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const MINUTES = 60_000;

const libraries = (await readdir(join(ROOT, 'libs'))).sort();

/** A project of somebody else: it has the packed libraries and nothing of this repository. */
let consumer: string;

async function runInConsumer(file: string, source: string): Promise<string> {
  await writeFile(join(consumer, file), source);
  const { stdout } = await run(process.execPath, [file], {
    cwd: consumer,
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  return stdout.trim();
}

async function pack(library: string, destination: string): Promise<string> {
  const folder = join(ROOT, 'libs', library);
  const args = ['pack', '--json', '--silent', '--pack-destination', destination];
  const { stdout } = await run('npm', args, { cwd: folder });
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [{ filename: string }];
  return join(destination, filename);
}

beforeAll(async () => {
  await run(process.execPath, [TSC, '-b'], { cwd: ROOT });
  consumer = await mkdtemp(join(tmpdir(), 'cdc-pack-'));
  const tarballs = join(consumer, 'tarballs');
  await mkdir(tarballs);
  const dependencies: Record<string, string> = {};
  for (const library of libraries) {
    dependencies[`@cdc-demo/${library}`] = `file:${await pack(library, tarballs)}`;
  }
  const manifest = { name: 'consumer', private: true, type: 'module', dependencies };
  await writeFile(join(consumer, 'package.json'), JSON.stringify(manifest));
  const args = ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund'];
  await run('npm', args, { cwd: consumer });
}, 5 * MINUTES);

afterAll(async () => {
  await rm(consumer, { recursive: true, force: true });
});

describe.each(libraries)('@cdc-demo/%s, installed from its tarball', (library) => {
  test('exports the names that its sources export', async () => {
    const source = (await import(`@cdc-demo/${library}`)) as Record<string, unknown>;

    const printed = await runInConsumer(
      `names-${library}.js`,
      `import * as names from '@cdc-demo/${library}';\nconsole.log(JSON.stringify(Object.keys(names)));`,
    );

    expect(JSON.parse(printed)).toEqual(Object.keys(source).sort());
  });

  test('keeps its inner files to itself', async () => {
    const printed = await runInConsumer(
      `inner-${library}.js`,
      `import('@cdc-demo/${library}/dist/index.js').catch((error) => console.log(error.code));`,
    );

    expect(printed).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});

test('a function of cdc-core does its work when it is called from JavaScript', async () => {
  const printed = await runInConsumer(
    'uuid.js',
    `import { formatUuid, parseUuid } from '@cdc-demo/cdc-core';
     console.log(formatUuid(parseUuid('0f0e0d0c-0b0a-0908-0706-050403020100')));`,
  );

  expect(printed).toBe('0f0e0d0c-0b0a-0908-0706-050403020100');
});

test(
  'a strict NodeNext project type-checks against every library',
  async () => {
    const imports = libraries.map((name, n) => `export * as lib${n} from '@cdc-demo/${name}';`);
    const source = [
      ...imports,
      `import { parseUuid } from '@cdc-demo/cdc-core';`,
      `export const bytes: Uint8Array = parseUuid('0f0e0d0c-0b0a-0908-0706-050403020100');`,
      `// @ts-expect-error a UUID is parsed from text`,
      `parseUuid(7);`,
    ].join('\n');
    await writeFile(join(consumer, 'consumer.ts'), source);
    const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022'];
    const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];

    const checked = await run(process.execPath, [TSC, ...options, ...types, 'consumer.ts'], {
      cwd: consumer,
    }).catch((error: unknown) => error as { stdout: string });

    expect(checked.stdout).toBe('');
  },
  MINUTES,
);
