import { describeType } from '@cdc-demo/cdc-core';
import type { Field, FieldType } from '@cdc-demo/cdc-core';
import { LakeError } from '../errors.ts';
import { findColumn } from './bound-predicate.ts';
import { and, eq, ge, isNotNull, isNull, le, not, oneOf, or, startsWith } from './predicate.ts';
import type { ComparisonOperator, Literal, Predicate } from './predicate.ts';
import { predicateTokens } from './predicate-tokens.ts';
import type { PredicateToken } from './predicate-tokens.ts';

const OPERATORS: Readonly<Record<string, ComparisonOperator>> = {
  '=': '=',
  '<>': '!=',
  '!=': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};
const PREFIX_PATTERN = /^([^%_]*)(%?)$/;
const HEXADECIMAL = /^(?:[0-9a-f]{2})*$/i;

/**
 * Reads a predicate from text in the manner of SQL: comparisons, `IN`, `BETWEEN`, `LIKE` with a
 * prefix (`'abc%'`), `IS NULL`, `NOT`, `AND`, `OR`, parentheses. Names are as they are, or in `"`
 * or backticks; fields of structs follow after a point. Texts are in `'`, binary as hexadecimal.
 * @param fields the columns that it is about: they say what its literals mean
 * @throws LakeError `lake/predicate` with the place in the text
 */
export function parsePredicate(text: string, fields: readonly Field[]): Predicate {
  return new PredicateParser(text, fields).all();
}

class PredicateParser {
  readonly #tokens: readonly PredicateToken[];
  readonly #fields: readonly Field[];
  #next = 0;

  constructor(text: string, fields: readonly Field[]) {
    this.#tokens = predicateTokens(text);
    this.#fields = fields;
  }

  all(): Predicate {
    const predicate = this.#or();
    return this.#peek().kind === 'end' ? predicate : this.#fail('AND, OR or the end');
  }

  #or(): Predicate {
    const terms = [this.#and()];
    while (this.#takeWord('OR')) terms.push(this.#and());
    return terms.length === 1 && terms[0] ? terms[0] : or(...terms);
  }

  #and(): Predicate {
    const terms = [this.#not()];
    while (this.#takeWord('AND')) terms.push(this.#not());
    return terms.length === 1 && terms[0] ? terms[0] : and(...terms);
  }

  #not(): Predicate {
    if (this.#takeWord('NOT')) return not(this.#not());
    if (!this.#takeSymbol('(')) return this.#test();
    const inner = this.#or();
    return this.#takeSymbol(')') ? inner : this.#fail(')');
  }

  #test(): Predicate {
    const column = this.#column();
    if (this.#takeWord('IS')) {
      const isNot = this.#takeWord('NOT');
      if (!this.#takeWord('NULL')) return this.#fail('NULL');
      return isNot ? isNotNull(column.names) : isNull(column.names);
    }
    if (this.#takeWord('NOT')) return not(this.#range(column));
    const { text, kind } = this.#peek();
    const is = kind === 'symbol' ? OPERATORS[text] : undefined;
    if (!is) return this.#range(column);
    this.#next++;
    return { column: column.names, is, value: this.#literal(column.type) };
  }

  #range({ names, type }: NamedColumn): Predicate {
    if (this.#takeWord('IN')) {
      if (!this.#takeSymbol('(')) return this.#fail('(');
      const values = [this.#literal(type)];
      while (this.#takeSymbol(',')) values.push(this.#literal(type));
      return this.#takeSymbol(')') ? oneOf(names, values) : this.#fail(')');
    }
    if (this.#takeWord('BETWEEN')) {
      const low = this.#literal(type);
      if (!this.#takeWord('AND')) return this.#fail('AND');
      return and(ge(names, low), le(names, this.#literal(type)));
    }
    if (!this.#takeWord('LIKE')) return this.#fail('a comparison');
    const { kind, text } = this.#peek();
    const [, prefix, wildcard] = (kind === 'text' && PREFIX_PATTERN.exec(text)) || [];
    if (prefix === undefined) return this.#fail("a text such as 'abc%', with no other % or _");
    this.#next++;
    return wildcard === '%' ? startsWith(names, prefix) : eq(names, prefix);
  }

  #column(): NamedColumn {
    const names = [this.#name()];
    while (this.#takeSymbol('.')) names.push(this.#name());
    return { names, type: findColumn(names, this.#fields).type };
  }

  #name(): string {
    const { kind, text } = this.#peek();
    if (kind !== 'word' && kind !== 'quoted') return this.#fail('a column');
    this.#next++;
    return text;
  }

  #literal(type: FieldType): Literal {
    const { kind, text } = this.#peek();
    const word = kind === 'word' ? text.toUpperCase() : '';
    if (word === 'NULL' || word === 'TRUE' || word === 'FALSE') {
      this.#next++;
      return word === 'NULL' ? null : word === 'TRUE';
    }
    if (kind !== 'number' && kind !== 'text') return this.#fail('a value');
    const value = kind === 'number' ? ofNumber(type, text) : ofText(type, text);
    if (value === undefined) return this.#fail(`a value of the type ${describeType(type)}`);
    this.#next++;
    return value;
  }

  #peek(): PredicateToken {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', at: 0 };
  }

  #takeWord(word: string): boolean {
    const { kind, text } = this.#peek();
    return this.#takeIf(kind === 'word' && text.toUpperCase() === word);
  }

  #takeSymbol(symbol: string): boolean {
    const { kind, text } = this.#peek();
    return this.#takeIf(kind === 'symbol' && text === symbol);
  }

  #takeIf(is: boolean): boolean {
    if (is) this.#next++;
    return is;
  }

  #fail(expected: string): never {
    const { at } = this.#peek();
    throw new LakeError(
      'lake/predicate',
      `The predicate cannot be read at character ${at + 1}: ${expected} is expected there`,
      { context: { at } },
    );
  }
}

interface NamedColumn {
  readonly names: readonly string[];
  readonly type: FieldType;
}

function ofNumber(type: FieldType, text: string): Literal | undefined {
  if (type.kind === 'int') return /^[+-]?\d+$/.test(text) ? BigInt(text) : undefined;
  if (type.kind === 'decimal') return text;
  return type.kind === 'float' ? Number(text) : undefined;
}

/** As values are printed: integers that no number holds, NaN and infinities are texts too. */
function ofText(type: FieldType, text: string): Literal | undefined {
  switch (type.kind) {
    case 'int':
      return ofNumber(type, text);
    case 'float': {
      const value = Number(text);
      return Number.isNaN(value) && text !== 'NaN' ? undefined : value;
    }
    case 'binary':
      return HEXADECIMAL.test(text) ? Buffer.from(text, 'hex') : undefined;
    default:
      return text;
  }
}
