import { Secret } from '@cdc-demo/cdc-core';
import { PipelineError } from '../errors.ts';

/** Where the values behind references come from. */
export interface ReferenceSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Reads a file that holds a secret. @throws when it cannot be read or everybody may read it */
  readonly readSecretFile: (path: string) => string;
}

const REFERENCE = /\$\{(env|file):([^}]+)\}/g;
const INLINE_PASSWORD = /^[a-z][a-z0-9+.-]*:\/\/[^/@:]*:(?!\$\{)[^/@]+@/i;
/** Keys whose values are secrets, whatever they contain. */
const SECRET_KEYS = new Set(['url', 'password', 'credential', 'token']);
/** Of these, the ones that are nothing but a secret. */
const NEVER_INLINE = new Set(['credential', 'token']);

/**
 * Replaces `${env:NAME}` and `${file:PATH}` in every text of a parsed configuration. Values of
 * secret keys come as `Secret`; a password written into the file itself is refused.
 * @throws PipelineError `pipeline/configuration`
 */
export function resolveReferences(value: unknown, sources: ReferenceSources, path = ''): unknown {
  if (typeof value === 'string') return resolveText(value, sources, path);
  if (Array.isArray(value)) {
    return value.map((item, i) => resolveReferences(item, sources, `${path}[${i}]`));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => {
      const at = path ? `${path}.${key}` : key;
      if (NEVER_INLINE.has(key) && typeof item === 'string') assertReference(item, at);
      const resolved: unknown = resolveReferences(item, sources, at);
      const isSecret = SECRET_KEYS.has(key) && typeof resolved === 'string';
      return [key, isSecret ? new Secret(resolved) : resolved];
    }),
  );
}

function assertReference(text: string, path: string): void {
  if (text.replaceAll(REFERENCE, '').replaceAll(':', '') === '') return;
  throw inline(path);
}

function inline(path: string): PipelineError {
  return new PipelineError('pipeline/configuration', `${path}: a password stands in the file`, {
    context: { key: path },
    remedy: 'Write ${env:NAME} or ${file:PATH} in its place, and set it there',
  });
}

function resolveText(text: string, sources: ReferenceSources, path: string): string {
  if (INLINE_PASSWORD.test(text)) {
    throw inline(path);
  }
  return text.replaceAll(REFERENCE, (_match, kind: string, name: string) => {
    if (kind === 'file') return sources.readSecretFile(name).trimEnd();
    const found = sources.env[name];
    if (found !== undefined && found !== '') return found;
    throw new PipelineError('pipeline/configuration', `${path}: ${name} is not set`, {
      context: { key: path, variable: name },
      remedy: `Set the environment variable ${name}`,
    });
  });
}
