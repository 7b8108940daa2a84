import { readdirSync } from 'node:fs';
import nx from '@nx/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const TESTS = ['**/*-contract.ts', '**/*.test.ts', '**/*.bench.ts', '**/*.fixture.ts'];

/** What each layer may import, as the table in docs/architecture.md has it. */
const LAYERS = {
  core: ['core'],
  storage: ['core', 'storage'],
  format: ['core', 'storage'],
  connector: ['core'],
  engine: ['core'],
  tool: ['core'],
  testing: ['core', 'storage', 'format', 'connector', 'engine', 'tool', 'testing'],
  app: ['core', 'storage', 'format', 'connector', 'engine', 'tool', 'testing', 'app'],
};

/** cdc-testing calls these libraries, and their tests call its contract suites. */
const TESTED_BY_CDC_TESTING = readdirSync(new URL('libs', import.meta.url))
  .filter((name) => name !== 'cdc-testing')
  .map((name) => [name, 'cdc-testing']);

/**
 * @param {readonly string[]} extra layers that every file may import besides its own
 */
function boundaries(extra) {
  const tags = (layers) => [...new Set([...layers, ...extra])].map((layer) => `layer:${layer}`);
  return [
    'error',
    {
      ignoredCircularDependencies: TESTED_BY_CDC_TESTING,
      allow: ['../../../../tools/jest/**'],
      depConstraints: Object.entries(LAYERS).map(([layer, layers]) => ({
        sourceTag: `layer:${layer}`,
        onlyDependOnLibsWithTags: tags(layers),
      })),
    },
  ];
}

/** @param {number} lines limit of lines in a file */
const maxLines = (lines) => ['error', { max: lines, skipBlankLines: false, skipComments: false }];

export default tseslint.config(
  { ignores: ['**/dist/**', '**/out-tsc/**', '**/coverage/**', '**/node_modules/**', '.nx/**'] },
  {
    plugins: { '@nx': nx },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
  },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked, prettier],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@nx/enforce-module-boundaries': boundaries([]),
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_' },
      ],
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/unified-signatures': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'max-lines': maxLines(500),
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 3],
      'max-len': [
        'error',
        {
          code: 100,
          ignoreUrls: true,
          ignoreStrings: true,
          ignoreTemplateLiterals: true,
          ignoreRegExpLiterals: true,
        },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'Use named exports.' },
        { selector: 'TSEnumDeclaration', message: 'Use a union of string literals.' },
        {
          selector:
            ':matches(PropertyDefinition, MethodDefinition[kind!="constructor"])[accessibility="private"]',
          message: 'Use a #private name.',
        },
      ],
      'no-console': 'error',
      eqeqeq: 'error',
    },
  },
  {
    files: ['libs/*/src/**/*.ts'],
    ignores: TESTS,
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Take a Clock as a parameter.' },
      ],
    },
  },
  {
    files: ['libs/cdc-core/src/**/*.ts'],
    ignores: TESTS,
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ group: ['node:*'], message: 'cdc-core does no I/O.' }] },
      ],
    },
  },
  {
    files: ['apps/**/*.ts', 'tools/**/*.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: TESTS,
    rules: {
      '@nx/enforce-module-boundaries': boundaries(['testing', 'tool', 'storage']),
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      'max-lines': maxLines(800),
      'max-lines-per-function': 'off',
      'max-params': 'off',
      'no-console': 'off',
    },
  },
);
