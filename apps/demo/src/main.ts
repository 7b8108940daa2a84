import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import process from 'node:process';
import { explainError } from '@cdc-demo/cdc-core';
import { FORMATS } from './demo-lake.ts';
import { runDemo } from './run-demo.ts';

const FOLDER = resolve('data/demo');

const print = (line = ''): void => {
  process.stdout.write(`${line}\n`);
};

const [, , name = 'delta'] = process.argv;
const format = FORMATS[name];

try {
  if (!format) {
    throw new Error(`There is no format ${name}: write one of ${Object.keys(FORMATS).join(', ')}`);
  }
  await rm(FOLDER, { recursive: true, force: true });
  process.exitCode = (await runDemo({ folder: FOLDER, format, trafficMs: 16_000, print })) ? 0 : 1;
} catch (error) {
  print(`\nThe demo failed: ${explainError(error)}`);
  process.exitCode = 1;
}
