import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { transformSync } from '@swc/core';

const NOT_PRODUCT = /\.(test|bench|fixture)\.ts$/;

/** What only suites run that need servers of their own: `rest` and `s3`. */
const BEHIND_SERVERS = [
  'iceberg/src/catalog/rest',
  'object-store/src/s3',
  'local-servers/src/iceberg-rest',
  'local-servers/src/minio',
];

/**
 * Patterns of the files that a report counts.
 * @param {string} packages pattern of package folders, relative to the root of the repository
 */
export function coveredFiles(packages) {
  return [
    `${packages}/src/**/*.ts`,
    ...['test', 'bench', 'fixture'].map((kind) => `!${packages}/src/**/*.${kind}.ts`),
    ...BEHIND_SERVERS.map((folder) => `!**/${folder}/**`),
  ];
}

/**
 * Expressions for the files of a package that leave no JavaScript behind. They are never loaded,
 * so a report would count each of their lines as missed.
 * @param {string} folder absolute path of the package
 * @returns {string[]} for `coveragePathIgnorePatterns`
 */
export function typeOnlyFiles(folder) {
  return readdirSync(join(folder, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !NOT_PRODUCT.test(name))
    .map((name) => join(folder, 'src', name))
    .filter((path) => isTypeOnly(readFileSync(path, 'utf8')))
    .map((path) => `^${path.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}$`);
}

/** @param {string} source TypeScript */
function isTypeOnly(source) {
  const { code } = transformSync(source, {
    swcrc: false,
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript' },
      transform: { verbatimModuleSyntax: true },
      preserveAllComments: false,
    },
    module: { type: 'es6' },
  });
  const rest = code
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
    .replace(/export\s*\{\s*\}(\s*from\s*['"][^'"]+['"])?\s*;?/g, '');
  return rest.trim() === '';
}
