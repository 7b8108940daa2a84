import type { TableName } from './table-schema.ts';

/** What stands in a name without quotes: no dot, no quote, no white space. */
const BARE = /^[^."\s]+$/u;
const PART = /(?:"((?:[^"]|"")+)"|([^."\s]+))/u;
const NAME = new RegExp(`^${PART.source}\\.${PART.source}$`, 'u');

/**
 * `namespace.name`, for messages, labels, configuration and as a key: two tables never have the
 * same. A part with a dot, a quote or white space is quoted; capitals stay as they are without
 * quotes, so that this is not for SQL.
 */
export function formatTableName(table: TableName): string {
  return `${formatPart(table.namespace)}.${formatPart(table.name)}`;
}

/** The table that `formatTableName` wrote so; quotes may also stand where they need not. */
export function parseTableName(text: string): TableName | undefined {
  const match = NAME.exec(text);
  if (!match) return undefined;
  const [, quotedNamespace, namespace, quotedName, name] = match;
  return { namespace: part(quotedNamespace, namespace), name: part(quotedName, name) };
}

function formatPart(part: string): string {
  return BARE.test(part) ? part : `"${part.replaceAll('"', '""')}"`;
}

function part(quoted: string | undefined, bare: string | undefined): string {
  return quoted?.replaceAll('""', '"') ?? bare ?? '';
}
