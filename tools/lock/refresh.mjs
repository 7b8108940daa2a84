import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/*
 * Completes package-lock.json. With node_modules at hand npm leaves out the optional packages of
 * other platforms, and `npm ci` then fails there. So a package with a gap is taken out of the
 * lock, and the rest is resolved in an empty folder.
 */
const LOCK = 'package-lock.json';

function readLock() {
  return JSON.parse(readFileSync(LOCK, 'utf8'));
}

/** Paths of the locked packages that have optional dependencies which are not locked. */
function incomplete({ packages }) {
  const present = new Set(Object.keys(packages).map((path) => path.split('node_modules/').at(-1)));
  return Object.entries(packages)
    .filter(([, entry]) =>
      Object.keys(entry.optionalDependencies ?? {}).some((name) => !present.has(name)),
    )
    .map(([path]) => path);
}

const lock = readLock();
for (const path of incomplete(lock)) delete lock.packages[path];

const folder = mkdtempSync(join(tmpdir(), 'cdc-lock-'));
try {
  const workspaces = Object.keys(lock.packages).filter((path) => !path.includes('node_modules'));
  for (const path of [...workspaces.map((path) => join(path, 'package.json')), '.npmrc']) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(path, join(folder, path));
  }
  writeFileSync(join(folder, LOCK), JSON.stringify(lock));
  const options = ['--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund'];
  execFileSync('npm', ['install', ...options], { cwd: folder, stdio: 'inherit' });
  cpSync(join(folder, LOCK), LOCK);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const gaps = incomplete(readLock());
if (gaps.length > 0) {
  console.error(`Optional packages are missing for ${gaps.join(', ')}: choose another version`);
  process.exitCode = 1;
}
