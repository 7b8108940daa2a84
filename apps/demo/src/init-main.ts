import { resolve } from 'node:path';
import process from 'node:process';
import { explainError } from '@cdc-demo/cdc-core';
import { systemClock } from '@cdc-demo/pipeline';
import { createIcebergTables } from './iceberg-tables.ts';

const [, , folder = 'data/iceberg-tables'] = process.argv;

try {
  for (const { name, location, state } of await createIcebergTables(resolve(folder), systemClock)) {
    process.stdout.write(`${name.padEnd(20)} ${state.padEnd(14)} ${location}\n`);
  }
} catch (error) {
  process.stderr.write(`The tables were not initialised: ${explainError(error)}\n`);
  process.exitCode = 1;
}
