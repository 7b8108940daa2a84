import { basename, dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { coveredFiles, typeOnlyFiles } from './coverage.mjs';

/**
 * Names what a test file needs: `x.test.ts` nothing, `x.<suffix>.test.ts` the infrastructure of
 * that suffix. `CDC_SUITE` chooses suffixes, comma separated; `unit` stands for no suffix and
 * `all` for every one.
 */
const DEFAULT_SUITES = 'unit,pg';

const ROOT = dirname(dirname(import.meta.dirname));

/** Options that Jest takes for a whole run only, not for one of several projects. */
export const GLOBAL_OPTIONS = {
  coverageProvider: 'v8',
  passWithNoTests: true,
  /** Ends a test that hangs. How long one takes says more of the machine than of the code. */
  testTimeout: 180_000,
};

/** @param {string} suites value of `CDC_SUITE` */
function testRegex(suites) {
  const names = suites.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !/^[a-z0-9-]+$/.test(name));
  if (unknown !== undefined) {
    throw new Error(`CDC_SUITE has "${unknown}"; use names such as unit, pg, judge, or all`);
  }
  if (names.includes('all')) return ['/[^/]+\\.test\\.ts$'];
  return names.map((name) =>
    name === 'unit' ? '/[^/.]+\\.test\\.ts$' : `/[^/.]+\\.${name}\\.test\\.ts$`,
  );
}

/**
 * Jest configuration of one package: native ES modules, TypeScript through swc, workspace
 * packages resolved to their sources, so that no build is needed before a test.
 * @param {string} configUrl `import.meta.url` of the package's jest.config.mjs
 */
export function jestProject(configUrl) {
  const folder = dirname(fileURLToPath(configUrl));
  const name = relative(ROOT, folder);
  return {
    displayName: basename(folder),
    rootDir: ROOT,
    roots: [`<rootDir>/${name}/src`],
    testEnvironment: 'node',
    testEnvironmentOptions: {
      customExportConditions: ['@cdc-demo/source', 'node', 'node-addons'],
    },
    testRegex: testRegex(process.env['CDC_SUITE'] ?? DEFAULT_SUITES),
    extensionsToTreatAsEsm: ['.ts'],
    moduleFileExtensions: ['ts', 'js', 'mjs', 'cjs', 'json', 'node'],
    transform: {
      '\\.ts$': [
        '@swc/jest',
        {
          swcrc: false,
          sourceMaps: 'inline',
          module: { type: 'es6' },
          jsc: {
            target: 'es2022',
            parser: { syntax: 'typescript' },
            transform: { verbatimModuleSyntax: true },
          },
        },
      ],
    },
    collectCoverageFrom: coveredFiles(name),
    coveragePathIgnorePatterns: [
      '/node_modules/',
      ...(process.argv.includes('--coverage') ? typeOnlyFiles(folder) : []),
    ],
    coverageDirectory: `<rootDir>/${name}/coverage`,
    ...GLOBAL_OPTIONS,
  };
}
