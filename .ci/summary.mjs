import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const [folder] = process.argv.slice(2);
let passed = 0;
let failed = 0;

for (const file of readdirSync(folder).filter((name) => name.endsWith('.status'))) {
  const name = file.slice(0, -'.status'.length);
  const status = readFileSync(join(folder, file), 'utf8').trim();
  const path = join(folder, `${name}.json`);
  const run = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
  const failures = run ? run.numFailedTests + run.numRuntimeErrorTestSuites : 0;
  passed += run?.numPassedTests ?? 0;
  failed += failures;
  if (status !== '0' && failures === 0) {
    failed += 1;
    console.log(`step ${name} failed`);
  }
}

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
