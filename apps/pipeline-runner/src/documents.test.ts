import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { parseConfig } from '@cdc-demo/pipeline';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const documents = [
  'README.md',
  ...readdirSync(join(ROOT, 'docs/pipelines')).map((name) => `docs/pipelines/${name}`),
  ...readdirSync(join(ROOT, 'libs')).map((name) => `libs/${name}/README.md`),
];

/** The code blocks of a document in one language. */
function examples(document: string, language: string): string[] {
  const text = readFileSync(join(ROOT, document), 'utf8');
  const blocks = text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'));
  return [...blocks].map(([, code = '']) => code);
}

describe('configurations in the documents', () => {
  const configurations = documents.flatMap((document) =>
    examples(document, 'yaml').map((text) => [document, text] as const),
  );

  it.each(configurations)('of %s are accepted', (document, text) => {
    const env = {
      POSTGRES_URL: 'postgres://user@localhost/shop',
      CATALOG_CREDENTIAL: 'client:secret',
    };
    const noFiles = (path: string): string => {
      throw new Error(`It refers to ${path}`);
    };
    const config = parseConfig(text, { env, readSecretFile: noFiles }, document);
    expect(config.pipelines[0]?.source.tables.length).toBeGreaterThan(0);
  });

  it('exist', () => {
    expect(configurations.length).toBeGreaterThan(1);
  });
});

describe('TypeScript in the documents', () => {
  it('compiles against the sources', () => {
    const folder = join(ROOT, 'tmp/documents');
    mkdirSync(folder, { recursive: true });
    try {
      const files = documents.flatMap((document) =>
        examples(document, 'ts').map((code, i) => {
          const file = join(folder, `${document.replaceAll('/', '-')}.${i}.ts`);
          writeFileSync(file, `${code}\nexport {};\n`);
          return file;
        }),
      );
      expect(files.length).toBeGreaterThan(5);
      expect(errorsOf(files)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 120_000);
});

function errorsOf(files: readonly string[]): string[] {
  const program = ts.createProgram(files, {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    customConditions: ['@cdc-demo/source'],
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
    types: ['node'],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
  });
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
    return `${diagnostic.file?.fileName ?? ''}: ${message}`;
  });
}
