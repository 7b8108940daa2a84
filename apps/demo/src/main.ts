import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import process from 'node:process';
import { explainError } from '@cdc-demo/cdc-core';
import { runDemo } from './run-demo.ts';

const FOLDER = resolve('data/demo');

const print = (line = ''): void => {
  process.stdout.write(`${line}\n`);
};

try {
  await rm(FOLDER, { recursive: true, force: true });
  process.exitCode = (await runDemo({ folder: FOLDER, trafficMs: 16_000, print })) ? 0 : 1;
} catch (error) {
  print(`\nThe demo failed: ${explainError(error)}`);
  process.exitCode = 1;
}
