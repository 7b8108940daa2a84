import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import process from 'node:process';
import { explainError } from '@cdc-demo/cdc-core';
import { runFeedDemo } from './run-feed-demo.ts';

const FOLDER = resolve('data/feed-demo');

const print = (line = ''): void => {
  process.stdout.write(`${line}\n`);
};

try {
  await rm(FOLDER, { recursive: true, force: true });
  process.exitCode = (await runFeedDemo({ folder: FOLDER, print })) ? 0 : 1;
} catch (error) {
  print(`\nThe demo failed: ${explainError(error)}`);
  process.exitCode = 1;
}
