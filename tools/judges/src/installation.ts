import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JudgeError } from './judge-error.ts';

const TOOL = fileURLToPath(new URL('..', import.meta.url));

export type JudgeEngine = 'spark' | 'delta-rs' | 'pyiceberg' | 'duckdb' | 'chdb';

/** The command line that starts a judge. Throws `judge/not-installed`. */
export function judgeCommand(engine: JudgeEngine): readonly [string, ...string[]] {
  const home = installedFolder(engine);
  if (engine === 'chdb') {
    return [process.execPath, join(TOOL, 'chdb-judge.mjs'), '--home', home];
  }
  const python = join(home, 'venv', 'bin', 'python');
  return [python, join(TOOL, 'judge.py'), '--engine', engine, '--home', home];
}

function installedFolder(engine: JudgeEngine): string {
  const asked = spawnSync('bash', [join(TOOL, 'install.sh'), '--path'], {
    encoding: 'utf8',
    env: process.env,
  });
  if (asked.status !== 0) {
    throw new JudgeError(
      'judge/not-installed',
      `The engine ${engine} is not installed: run tools/judges/install.sh once (about two minutes).`,
    );
  }
  return asked.stdout.trim();
}
