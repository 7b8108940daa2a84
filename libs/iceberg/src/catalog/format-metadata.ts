import { formatExactJson } from '@cdc-demo/lake-core';
import type { ExactJson, ExactJsonObject } from '@cdc-demo/lake-core';

/** Texts of items that one metadata file takes over from another; items never change. */
const texts = new WeakMap<object, string>();

/** A table's metadata as JSON. Of its lists only the items are formatted that are new. */
export function formatMetadata(metadata: ExactJsonObject): string {
  const members = Object.entries(metadata).map(([name, value]) => {
    return `${JSON.stringify(name)}:${formatMember(value)}`;
  });
  return `{${members.join(',')}}`;
}

function formatMember(value: ExactJson): string {
  if (Array.isArray(value)) return `[${(value as readonly ExactJson[]).map(formatItem).join(',')}]`;
  return formatItem(value);
}

function formatItem(item: ExactJson): string {
  if (typeof item !== 'object' || item === null) return formatExactJson([item]).slice(1, -1);
  const known = texts.get(item);
  if (known !== undefined) return known;
  const text = formatExactJson(item);
  texts.set(item, text);
  return text;
}
