/**
 * Filters as AIP-160 writes them: `state = RUNNING AND (customer = "cvs" OR customer = "oportun")`. As there, `OR` binds
 * tighter than `AND`, terms side by side are joined by `AND`, and `-` before a term is `NOT`.
 */
export type Expression =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Expression[] }
  | { readonly kind: 'not'; readonly part: Expression }
  | Restriction;

export interface Restriction {
  readonly kind: 'restriction';
  /** `state`, or `range.start`. */
  readonly field: string;
  readonly comparator: Comparator;
  readonly value: string;
}

export type Comparator = '=' | '!=' | '<' | '<=' | '>' | '>=' | ':';

/** A filter that can't be read or answered: a sentence for the person who wrote it. */
export class FilterProblem extends Error {
  override readonly name = 'FilterProblem';
}

const LONGEST = 2_000;
const DEEPEST = 20;

interface Token {
  readonly kind: 'word' | 'text' | 'comparator' | 'sign' | 'end';
  readonly text: string;
  /** Where it begins, counted from 1. */
  readonly at: number;
}

const TOKEN =
  /\s*(?:("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(<=|>=|!=|[<>=:])|([()-])|([\p{L}\p{N}_*/+.][\p{L}\p{N}_*/+.:-]*))/uy;

/** @throws FilterProblem */
export function parseFilter(text: string): Expression | undefined {
  if (text.length > LONGEST) throw new FilterProblem(`expected at most ${LONGEST} characters, got ${text.length}`);
  if (text.trim() === '') return undefined;
  return new Parser(tokensOf(text)).filter();
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim() !== '') {
    const from = TOKEN.lastIndex;
    const afterComparator = tokens.at(-1)?.kind === 'comparator';
    const at = text.length - text.slice(from).trimStart().length + 1;
    const found = TOKEN.exec(text);
    if (!found) {
      const got = JSON.stringify(text[at - 1]);
      throw new FilterProblem(`character ${at}: expected a field, a value or a bracket, got ${got}`);
    }
    const [, quoted, comparator, sign, word] = found;
    if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted.slice(1, -1).replace(/\\(.)/gsu, '$1'), at });
    else if (comparator !== undefined) tokens.push({ kind: 'comparator', text: comparator, at });
    else if (sign !== undefined) tokens.push({ kind: 'sign', text: sign, at });
    else {
      // A colon is part of a time, such as 2026-01-05T10:00:00Z, and a comparator behind a field.
      const own = afterComparator ? word! : word!.split(':', 1)[0]!;
      TOKEN.lastIndex -= word!.length - own.length;
      tokens.push({ kind: 'word', text: own, at });
    }
  }
  tokens.push({ kind: 'end', text: 'the end', at: text.length + 1 });
  return tokens;
}

class Parser {
  private next = 0;
  private depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  filter(): Expression {
    const expression = this.expression();
    const rest = this.peek();
    if (rest.kind !== 'end') throw expected('AND, OR or the end', rest);
    return expression;
  }

  private expression(): Expression {
    const parts = [this.alternatives()];
    while (this.peek().kind !== 'end' && this.peek().text !== ')') {
      this.takeIf('word', 'AND');
      parts.push(this.alternatives());
    }
    return parts.length === 1 ? parts[0]! : { kind: 'and', parts };
  }

  private alternatives(): Expression {
    const parts = [this.term()];
    while (this.takeIf('word', 'OR')) parts.push(this.term());
    return parts.length === 1 ? parts[0]! : { kind: 'or', parts };
  }

  private term(): Expression {
    if (this.takeIf('word', 'NOT') || this.takeIf('sign', '-')) return { kind: 'not', part: this.simple() };
    return this.simple();
  }

  private simple(): Expression {
    if (!this.takeIf('sign', '(')) return this.restriction();
    if (++this.depth > DEEPEST) throw new FilterProblem(`expected brackets at most ${DEEPEST} deep`);
    const inner = this.expression();
    if (!this.takeIf('sign', ')')) throw expected(')', this.peek());
    this.depth--;
    return inner;
  }

  private restriction(): Restriction {
    const field = this.take();
    if (field.kind !== 'word' || KEYWORDS.includes(field.text)) throw expected('a field such as state', field);
    const comparator = this.take();
    if (comparator.kind !== 'comparator') throw expected(`a comparator behind ${field.text}, such as =`, comparator);
    const value = this.take();
    if (value.kind !== 'word' && value.kind !== 'text') throw expected(`a value behind ${comparator.text}`, value);
    return { kind: 'restriction', field: field.text, comparator: comparator.text as Comparator, value: value.text };
  }

  private peek(): Token {
    return this.tokens[this.next]!;
  }

  private take(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.next++;
    return token;
  }

  private takeIf(kind: Token['kind'], text: string): boolean {
    const token = this.peek();
    if (token.kind !== kind || token.text !== text) return false;
    this.next++;
    return true;
  }
}

const KEYWORDS = ['AND', 'OR', 'NOT'];

const expected = (what: string, { kind, text, at }: Token): FilterProblem =>
  new FilterProblem(`character ${at}: expected ${what}, got ${kind === 'end' ? text : JSON.stringify(text)}`);
