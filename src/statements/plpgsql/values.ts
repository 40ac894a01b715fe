/** Texts that an expression of a body can build, one for each choice of values of its variables. */
import type { Node, SelectStmt } from 'libpg-query';
import { as, strings, visitor } from '../ast.ts';
import { parseText } from '../parser/parser.ts';
import { fold, UNKNOWN } from './folding.ts';
import { type BodyVariables, MAX_VALUES } from './variables.ts';

/** Texts that are put together for one body, and their characters. */
const MAX_TEXTS = 1_500;
const MAX_CHARACTERS = 4_194_304;

const visitNames = visitor<Set<string>>([
  {
    ColumnRef(node, names) {
      names.add(strings(node.fields).join('.'));
    },
  },
]);

/** Folds the expressions of one body. */
export class Evaluator {
  readonly #variables: BodyVariables;
  readonly #needed: boolean;
  #texts = MAX_TEXTS;
  #characters = MAX_CHARACTERS;

  /** @param needed false where no EXECUTE could run what is put together */
  constructor(variables: BodyVariables, needed: boolean) {
    this.#variables = variables;
    this.#needed = needed;
  }

  /** A limit was met: some values read `_` that could be known. */
  get exhausted(): boolean {
    return this.#texts < 0 || this.#characters < 0;
  }

  /** Values of an expression. */
  values(expression: string): readonly string[] {
    return this.#fold(as(this.#query(`SELECT ${expression}`)?.targetList?.[0], 'ResTarget')?.val);
  }

  /** Elements of a constant array, or what is known of another one. */
  elements(expression: string): readonly string[] {
    const value = as(this.#query(`SELECT ${expression}`)?.targetList?.[0], 'ResTarget')?.val;
    const elements = as(as(value, 'TypeCast')?.arg ?? value, 'A_ArrayExpr')?.elements;
    return (elements ?? [value]).flatMap((element) => this.#fold(element));
  }

  /** Values of a row that does not come from a relation, by column; null for other queries. */
  row(query: string): { name: string; values: readonly string[] }[] | null {
    const select = this.#query(query);
    if (select?.targetList === undefined || select.fromClause !== undefined) return null;
    return select.targetList.map((item) => {
      const target = as(item, 'ResTarget');
      return { name: target?.name ?? '', values: this.#fold(target?.val) };
    });
  }

  #query(text: string): SelectStmt | undefined {
    if (!this.#needed || this.exhausted) return undefined;
    const parsed = parseText(text);
    return parsed.ok ? as(parsed.statements[0]?.stmt, 'SelectStmt') : undefined;
  }

  #fold(node: Node | undefined): readonly string[] {
    if (node === undefined) return [UNKNOWN];
    const names = new Set<string>();
    visitNames(node, names);
    return this.#choices(names).map((choice) => {
      this.#texts -= 1;
      const text = this.exhausted ? UNKNOWN : fold(node, choice);
      this.#characters -= text.length;
      return text;
    });
  }

  /** Combinations of the values of these variables, not more than are followed. */
  #choices(names: ReadonlySet<string>): Map<string, string>[] {
    let choices = [new Map<string, string>()];
    for (const name of names) {
      const values = this.#variables.valuesOf(name);
      const room = Math.ceil(MAX_VALUES / values.length);
      choices = choices
        .slice(0, room)
        .flatMap((choice) => values.map((value) => new Map(choice).set(name, value)));
    }
    return choices.slice(0, MAX_VALUES);
  }
}
