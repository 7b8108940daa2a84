import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import process from 'node:process';
import { explainError } from '@cdc-demo/cdc-core';
import { runFeedDemo } from './run-feed-demo.ts';
import { runSnapshotDemo } from './run-snapshot-demo.ts';

const FOLDER = resolve('data/feed-demo');

const DEMOS = new Map([
  ['delta', runFeedDemo],
  ['iceberg', runSnapshotDemo],
]);

const print = (line = ''): void => {
  process.stdout.write(`${line}\n`);
};

const [, , name = 'delta'] = process.argv;
const demo = DEMOS.get(name);

try {
  if (!demo) {
    throw new Error(`There is no format ${name}: write one of ${[...DEMOS.keys()].join(', ')}`);
  }
  await rm(FOLDER, { recursive: true, force: true });
  process.exitCode = (await demo({ folder: FOLDER, print })) ? 0 : 1;
} catch (error) {
  print(`\nThe demo failed: ${explainError(error)}`);
  process.exitCode = 1;
}
