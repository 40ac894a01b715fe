/** Conditions of Sigma over names of selections, as SQL over columns that hold whether a selection fits. */
import { refusal } from './sigma-error.ts';

const HINT = 'A condition has names of selections, and, or, not, 1 of, all of, them and brackets.';
const MAX_DEPTH = 50;

/**
 * @param columns the column of each selection; each is true or false, never null
 * @throws PgvigilError DETECTOR_INVALID
 */
export function conditionSql(condition: string, columns: ReadonlyMap<string, string>): string {
  const parser = new Parser(tokensOf(condition), columns);
  return parser.parse();
}

function tokensOf(condition: string): string[] {
  const tokens = condition.match(/[()]|[^\s()]+/g) ?? [];
  const strange = tokens.find((token) => !/^(?:[()]|[\p{L}\p{N}_.*-]+)$/u.test(token));
  if (strange !== undefined) throw refusal(`condition: "${strange}" is not understood`, HINT);
  return tokens;
}

class Parser {
  readonly #tokens: readonly string[];
  readonly #columns: ReadonlyMap<string, string>;
  #place = 0;

  constructor(tokens: readonly string[], columns: ReadonlyMap<string, string>) {
    this.#tokens = tokens;
    this.#columns = columns;
  }

  parse(): string {
    const sql = this.#or(0);
    const left = this.#tokens[this.#place];
    if (left !== undefined) throw refusal(`condition: "${left}" stands where nothing is expected`, HINT);
    return sql;
  }

  #or(depth: number): string {
    return this.#series('or', () => this.#series('and', () => this.#not(depth + 1)));
  }

  #series(word: 'or' | 'and', next: () => string): string {
    const parts = [next()];
    while (this.#takes(word)) parts.push(next());
    return parts.length === 1 ? parts[0]! : `(${parts.join(` ${word.toUpperCase()} `)})`;
  }

  #not(depth: number): string {
    if (depth > MAX_DEPTH) throw refusal(`condition: it is nested more than ${MAX_DEPTH} deep`, HINT);
    return this.#takes('not') ? `NOT ${this.#not(depth + 1)}` : this.#term(depth);
  }

  #term(depth: number): string {
    if (this.#takes('(')) {
      const sql = this.#or(depth + 1);
      if (!this.#takes(')')) throw refusal('condition: a bracket is not closed', HINT);
      return sql;
    }
    const token = this.#tokens[this.#place++];
    if (token === undefined) throw refusal('condition: it ends too early', HINT);
    if (this.#takes('of')) return this.#of(token.toLowerCase());
    const column = this.#columns.get(token);
    if (column === undefined) throw refusal(`condition: there is no selection ${token}`, HINT);
    return column;
  }

  #of(quantity: string): string {
    const pattern = this.#tokens[this.#place++];
    if (pattern === undefined || !['1', 'any', 'all'].includes(quantity))
      throw refusal(`condition: "${quantity} of" is not understood`, HINT);
    const columns = [...this.#columns].filter(([name]) => fits(name, pattern)).map(([, column]) => column);
    if (columns.length === 0) throw refusal(`condition: no selection fits ${pattern}`, HINT);
    return columns.length === 1 ? columns[0]! : `(${columns.join(quantity === 'all' ? ' AND ' : ' OR ')})`;
  }

  #takes(word: string): boolean {
    const isIt = this.#tokens[this.#place]?.toLowerCase() === word;
    if (isIt) this.#place += 1;
    return isIt;
  }
}

/** Whether a name is meant by a pattern with `*`. Without a regular expression: the pattern is a stranger's. */
function fits(name: string, pattern: string): boolean {
  if (pattern.toLowerCase() === 'them') return !name.startsWith('_');
  const [first = '', ...others] = pattern.split('*');
  if (others.length === 0) return name === pattern;
  const last = others.pop() ?? '';
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  let place = first.length;
  for (const part of others) {
    const found = name.indexOf(part, place);
    if (found < 0) return false;
    place = found + part.length;
  }
  return place <= name.length - last.length;
}
