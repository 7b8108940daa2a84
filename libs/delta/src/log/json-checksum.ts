import { createHash } from 'node:crypto';
import { parse } from 'lossless-json';

/** A number as it is written. */
class NumberText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * The checksum of a JSON object without its own member `checksum` (Delta protocol, "JSON
 * checksum"): MD5 over its scalars with their paths, in the order of the paths.
 * @throws SyntaxError when `text` is not JSON or has a name twice
 */
export function jsonChecksum(text: string): string {
  const json = parse(text, undefined, (number) => new NumberText(number));
  const leaves = leavesOf(json, [])
    .filter(({ path }) => path[0] !== '"checksum"')
    .map(({ path, value }) => ({ path: path.join('+'), value }))
    .sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const canonical = leaves.map(({ path, value }) => `${path}=${value}`).join(',');
  return createHash('md5').update(canonical).digest('hex');
}

interface Leaf {
  /** Names in quotes, positions in arrays without. */
  readonly path: readonly string[];
  readonly value: string;
}

function leavesOf(json: unknown, path: readonly string[]): Leaf[] {
  if (json instanceof NumberText) return [{ path, value: json.text }];
  if (typeof json === 'string') return [{ path, value: quoted(json) }];
  if (typeof json !== 'object' || json === null) return [{ path, value: String(json) }];
  const isArray = Array.isArray(json);
  return Object.entries(json).flatMap(([name, value]) =>
    leavesOf(value, [...path, isArray ? name : quoted(name)]),
  );
}

/** In quotes, every byte encoded but letters, digits and `-._~`. */
function quoted(text: string): string {
  const hexadecimal = (character: string): string =>
    `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  return `"${encodeURIComponent(text).replace(/[!'()*]/g, hexadecimal)}"`;
}
