/** The SQL of one body, in the order in which it is found. */

/** Different statements that are kept; each of them is parsed. */
const MAX_STATEMENTS = 500;

export interface BodySql {
  /** SQL texts without duplicates; parts that are not known read `_`. */
  statements: string[];
  /** The body runs dynamic SQL. */
  dynamic: boolean;
  /** False when a limit was met, so that there may be more. */
  complete: boolean;
}

export class Script {
  readonly #statements = new Set<string>();
  #dynamic = false;
  #complete = true;

  /** Adds a statement. */
  add(sql: string): void {
    if (this.#statements.size < MAX_STATEMENTS) this.#statements.add(sql);
    else if (!this.#statements.has(sql)) this.#complete = false;
  }

  /** Adds text that EXECUTE runs. */
  addDynamic(texts: readonly string[]): void {
    this.#dynamic = true;
    for (const text of texts) this.add(text);
  }

  /** Adds an expression, or several with commas between. Without a bracket it neither queries nor calls anything. */
  addExpression(expression: string): void {
    if (expression.includes('(')) this.add(`SELECT ${expression}`);
  }

  /** Says that a limit was met. */
  giveUp(): void {
    this.#complete = false;
  }

  finish(): BodySql {
    return { statements: [...this.#statements], dynamic: this.#dynamic, complete: this.#complete };
  }
}
