import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { coveredFiles } from './tools/jest/coverage.mjs';
import { GLOBAL_OPTIONS } from './tools/jest/project.mjs';

const packages = ['libs', 'apps', 'tools']
  .flatMap((folder) =>
    readdirSync(join(import.meta.dirname, folder)).map((name) =>
      join(folder, name, 'jest.config.mjs'),
    ),
  )
  .filter((path) => existsSync(join(import.meta.dirname, path)));

const projects = await Promise.all(
  packages.map(async (path) => {
    const { default: project } = await import(`./${path}`);
    const own = Object.entries(project).filter(([option]) => !(option in GLOBAL_OPTIONS));
    return Object.fromEntries(own);
  }),
);

const enforced = process.env['CDC_COVERAGE'] === 'enforce';

/** Every package in one run with one merged coverage report. */
export default {
  projects,
  testTimeout: GLOBAL_OPTIONS.testTimeout,
  coverageProvider: 'v8',
  collectCoverageFrom: coveredFiles('{libs,apps}/*'),
  coverageDirectory: 'coverage',
  coverageReporters: ['text-summary', 'json-summary', 'lcovonly'],
  ...(enforced ? { coverageThreshold: { global: { lines: 97 } } } : {}),
};
