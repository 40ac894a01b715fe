/** Reads what PostgreSQL's PL/pgSQL compiler made of a body. */
import type { Token } from '../lexing/lexer.ts';
import { UNKNOWN } from './folding.ts';
import { expressionOf, type Json, listOf, nodeOf, nodesOf, numberOf, textOf } from './nodes.ts';
import { type BodySql, Script } from './script.ts';
import { Evaluator } from './values.ts';
import { BodyVariables } from './variables.ts';

/** Statements that are looked at, those of a loop twice. */
const MAX_STEPS = 30_000;

/** First line of the declarations of a block, by the line of its BEGIN. */
type Declarations = ReadonlyMap<number, number>;

export interface PreparedBody {
  text: string;
  declarations: Declarations;
  /** There is EXECUTE in it, so that the values of variables matter. */
  dynamic: boolean;
}

/**
 * The compiler tells the line of a variable and of a block, but not which block a variable belongs to. With every DECLARE
 * and BEGIN on a line of its own, the lines tell.
 */
export function prepareBody(body: string, tokens: readonly Token[]): PreparedBody {
  const declarations = new Map<number, number>();
  let text = '';
  let copied = 0;
  let line = 1;
  let declaring: number | null = null;
  for (const { text: word, start } of tokens) {
    if (word !== 'DECLARE' && word !== 'BEGIN') continue;
    const before = body.slice(copied, start);
    text += `${before}\n`;
    copied = start;
    line += before.split('\n').length;
    if (word === 'DECLARE') declaring ??= line;
    else {
      if (declaring !== null) declarations.set(line, declaring);
      declaring = null;
    }
  }
  const dynamic = tokens.some((token) => token.text === 'EXECUTE');
  return { text: text + body.slice(copied), declarations, dynamic };
}

export function readTree(tree: object, body: PreparedBody): BodySql {
  const [compiled] = nodesOf((tree as Json).plpgsql_funcs);
  const script = new Script();
  if (compiled !== undefined) new TreeReader(compiled, body, script).read();
  return script.finish();
}

class TreeReader {
  readonly #action: unknown;
  readonly #body: PreparedBody;
  readonly #script: Script;
  readonly #variables: BodyVariables;
  readonly #evaluator: Evaluator;
  #looping = false;
  #steps = 0;

  constructor(compiled: Json, body: PreparedBody, script: Script) {
    this.#action = compiled.action;
    this.#body = body;
    this.#script = script;
    this.#variables = new BodyVariables(compiled);
    this.#evaluator = new Evaluator(this.#variables, body.dynamic);
  }

  read(): void {
    this.#run([this.#action]);
    for (const text of this.#variables.dropped) this.#script.add(text);
    if (this.#evaluator.exhausted) this.#script.giveUp();
  }

  #run(statements: unknown): void {
    for (const statement of listOf(statements)) {
      this.#steps += 1;
      if (this.#steps > MAX_STEPS) {
        this.#script.giveUp();
        return;
      }
      const { kind, node } = nodeOf(statement);
      this.#step(kind.replace('PLpgSQL_stmt_', ''), node);
    }
  }

  #step(kind: string, node: Json): void {
    if (kind === 'block') this.#block(node);
    else if (kind === 'assign') this.#assign(node);
    else if (kind === 'if') this.#if(node);
    else if (kind === 'case') this.#case(node);
    else {
      this.#expressions(kind, node);
      if ('body' in node) this.#loop(kind, node);
      else this.#fill(kind, node);
    }
  }

  #block(node: Json): void {
    const line = numberOf(node.lineno);
    const declared = this.#variables.declaredOn(this.#body.declarations.get(line) ?? line, line);
    const run = (): void => {
      for (const variable of declared) {
        const initial = expressionOf(variable.initial);
        this.#expression(variable.initial);
        this.#expression(variable.query);
        this.#variables.show(variable, textOf(node.label));
        this.#variables.set(
          variable.key,
          initial === null ? [UNKNOWN] : this.#evaluator.values(initial.text),
        );
      }
      this.#run(node.body);
      const handlers = nodesOf(nodeOf(node.exceptions).node.exc_list);
      // A handler begins behind any statement of the block; behind the last one stands for all.
      const alternatives = handlers.map(
        ({ action }) =>
          () =>
            this.#run(action),
      );
      if (alternatives.length > 0) this.#variables.branch(alternatives, true);
    };
    if (declared.length === 0) run();
    else this.#variables.within(run);
  }

  #assign(node: Json): void {
    const { text } = expressionOf(node.expr) ?? { text: '' };
    const [target = ''] = /^(?:"[^"]*"|[^":=])*/.exec(text) ?? [];
    const value = text.slice(target.length).replace(/^:?=/, '');
    this.#script.addExpression(value);
    const known = target.includes('[') ? [UNKNOWN] : this.#evaluator.values(value);
    this.#variables.set(this.#variables.keyOf(numberOf(node.varno)), known);
  }

  #if(node: Json): void {
    this.#expression(node.cond);
    const otherwise = nodesOf(node.elsif_list);
    for (const { cond } of otherwise) this.#expression(cond);
    const bodies = [node.then_body, ...otherwise.map(({ stmts }) => stmts)];
    if ('else_body' in node) bodies.push(node.else_body);
    this.#variables.branch(
      bodies.map((body) => () => this.#run(body)),
      !('else_body' in node),
    );
  }

  #case(node: Json): void {
    this.#expression(node.t_expr);
    const cases = nodesOf(node.case_when_list);
    for (const { expr } of cases) {
      // The compiler writes `"__Case__Variable_1__" IN (a, b)` for WHEN a, b.
      const text = expressionOf(expr)?.text ?? '';
      this.#script.addExpression(text.replace(/^"__Case__Variable_\d+__" IN \((.*)\)$/s, '$1'));
    }
    const bodies = [...cases.map(({ stmts }) => stmts), node.else_stmts];
    this.#variables.branch(
      bodies.map((body) => () => this.#run(body)),
      false,
    );
  }

  #loop(kind: string, node: Json): void {
    const pass = (): void => {
      this.#fill(kind, node);
      this.#run(node.body);
    };
    // What a pass leaves is there in the next one. Of loops in loops only the outermost is read twice.
    const passes = this.#looping ? [pass] : [pass, pass];
    const outer = this.#looping;
    this.#looping = true;
    this.#variables.within(() => {
      for (const again of passes) this.#variables.branch([again], true);
    });
    this.#looping = outer;
  }

  /** Static SQL, and expressions, of a statement. EXECUTE is in `query` of `dyn…`, elsewhere in `dynquery`. */
  #expressions(kind: string, node: Json): void {
    for (const [name, value] of Object.entries(node)) {
      const dynamic = name === 'dynquery' || (name === 'query' && kind.startsWith('dyn'));
      if (dynamic) this.#execute(value);
      else if (Array.isArray(value) && name !== 'body') for (const item of value) this.#expression(item);
      else this.#expression(value);
    }
    for (const { expr } of nodesOf(node.options)) this.#expression(expr);
  }

  #execute(value: unknown): void {
    const expression = expressionOf(value);
    if (expression === null) return;
    this.#script.addExpression(expression.text);
    this.#script.addDynamic(this.#evaluator.values(expression.text));
  }

  #expression(value: unknown): void {
    const expression = expressionOf(value);
    if (expression?.mode === 'statement') this.#script.add(expression.text);
    else if (expression !== null) this.#script.addExpression(expression.text);
  }

  /** What a statement puts into variables. */
  #fill(kind: string, node: Json): void {
    if (kind === 'foreach_a') {
      const key = this.#variables.keyOf(numberOf(node.varno));
      this.#variables.set(key, this.#evaluator.elements(expressionOf(node.expr)?.text ?? ''));
    } else if (kind === 'getdiag') {
      for (const { target } of nodesOf(node.diag_items)) this.#forget(numberOf(target));
    } else {
      const { kind: type, node: target } = nodeOf(node.target ?? node.var);
      const query = expressionOf(node.sqlstmt ?? (kind === 'fors' ? node.query : undefined));
      const row = query === null ? null : this.#evaluator.row(query.text);
      if (type === 'PLpgSQL_row')
        listOf(target.fields).forEach((field, i) => {
          const number = numberOf((field as Json).varno);
          this.#variables.set(this.#variables.keyOf(number), row?.[i]?.values ?? [UNKNOWN]);
        });
      else if (type === 'PLpgSQL_rec')
        for (const { name, values } of row ?? [])
          this.#variables.set(`${numberOf(target.dno)}.${name}`, values);
      else if (type === 'PLpgSQL_var') this.#count(node, target);
    }
  }

  /** The variable of `FOR i IN 1..10` is declared by the loop. */
  #count(loop: Json, { refname }: Json): void {
    const line = numberOf(loop.lineno);
    for (const variable of this.#variables.declaredOn(line, line + 1))
      if (variable.name === refname) this.#variables.show(variable, '');
  }

  #forget(number: number): void {
    this.#variables.set(this.#variables.keyOf(number), [UNKNOWN]);
  }
}
