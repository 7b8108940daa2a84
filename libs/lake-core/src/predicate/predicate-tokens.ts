import { LakeError } from '../errors.ts';

export interface PredicateToken {
  /** A `quoted` name and a `text` come without their quotes; the last token is `end`. */
  readonly kind: 'word' | 'quoted' | 'text' | 'number' | 'symbol' | 'end';
  readonly text: string;
  /** Characters before it. */
  readonly at: number;
}

const SPACE = /\s*/y;
const KINDS: readonly (readonly [PredicateToken['kind'], RegExp])[] = [
  ['word', /[\p{L}_][\p{L}\p{N}_$]*/uy],
  ['quoted', /"(?:[^"]|"")*"|`(?:[^`]|``)*`/y],
  ['text', /'(?:[^']|'')*'/y],
  ['number', /[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/iy],
  ['symbol', /<>|!=|<=|>=|[=<>(),.]/y],
];

/** @throws LakeError `lake/predicate` for a character that begins nothing */
export function predicateTokens(text: string): readonly PredicateToken[] {
  const tokens: PredicateToken[] = [];
  let at = matchAt(SPACE, text, 0)?.length ?? 0;
  while (at < text.length) {
    const token = tokenAt(text, at);
    tokens.push(token.content);
    at = token.end + (matchAt(SPACE, text, token.end)?.length ?? 0);
  }
  return [...tokens, { kind: 'end', text: '', at }];
}

function tokenAt(text: string, at: number): { content: PredicateToken; end: number } {
  for (const [kind, pattern] of KINDS) {
    const found = matchAt(pattern, text, at);
    if (found === undefined) continue;
    const content = { kind, text: kind === 'quoted' || kind === 'text' ? inner(found) : found, at };
    return { content, end: at + found.length };
  }
  throw new LakeError(
    'lake/predicate',
    `The predicate cannot be read at character ${at + 1}: nothing begins so, or a quote is missing`,
    { context: { at } },
  );
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

/** Without its quotes; a doubled one stands for itself. */
function inner(quoted: string): string {
  const quote = quoted.charAt(0);
  return quoted.slice(1, -1).replaceAll(quote + quote, quote);
}
