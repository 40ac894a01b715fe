/** What the variables of a PL/pgSQL body can hold at a place, as far as it does not depend on data. */
import { UNKNOWN } from './folding.ts';
import { type Json, listOf, nodeOf, nodesOf, numberOf, textOf } from './nodes.ts';

/** Values of one variable that are followed: one for each way through the branches before. */
export const MAX_VALUES = 16;

export interface Declared {
  key: string;
  name: string;
  /** Query of a cursor. */
  query: unknown;
  /** `DEFAULT` or `:=` of the declaration. */
  initial: unknown;
}

/** Dropped values that are kept. */
const MAX_DROPPED = 500;

/** Numbers, names and values of the variables of one body. */
export class BodyVariables {
  /** Values that had to be dropped: too many branches. */
  readonly dropped: string[] = [];
  readonly #keys: string[] = [];
  readonly #onLine = new Map<number, Declared[]>();
  #visible = new Map<string, string>();
  /** By the number of the variable, or `number.field` of a record. */
  #values = new Map<string, readonly string[]>();

  constructor(compiled: Json) {
    listOf(compiled.datums).forEach((datum, number) => {
      const { kind, node } = nodeOf(datum);
      const field = kind === 'PLpgSQL_recfield';
      const key = field ? `${numberOf(node.recparentno)}.${textOf(node.fieldname)}` : String(number);
      this.#keys.push(key);
      if (kind !== 'PLpgSQL_var' && kind !== 'PLpgSQL_rec') return;
      const name = textOf(node.refname);
      const line = numberOf(node.lineno);
      // Arguments, and what a trigger is given, have no line.
      if (line === 0) this.#visible.set(name, key);
      this.#onLine.set(line, [
        ...(this.#onLine.get(line) ?? []),
        { key, name, initial: node.default_val, query: node.cursor_explicit_expr },
      ]);
    });
    for (const { name, varno } of nodesOf(compiled.aliases))
      this.#visible.set(textOf(name), this.keyOf(numberOf(varno)));
  }

  keyOf(number: number): string {
    return this.#keys[number] ?? '';
  }

  /** What is declared on these lines, `to` excluded, in order. */
  declaredOn(from: number, to: number): Declared[] {
    const found: Declared[] = [];
    for (let line = from; line < to; line += 1) found.push(...(this.#onLine.get(line) ?? []));
    return found;
  }

  /** Makes a variable visible, also as `label.name`. */
  show({ name, key }: Declared, label: string): void {
    this.#visible.set(name, key);
    if (label !== '') this.#visible.set(`${label}.${name}`, key);
  }

  /** Runs something whose declarations end with it. */
  within(run: () => void): void {
    const outer = this.#visible;
    this.#visible = new Map(outer);
    run();
    this.#visible = outer;
  }

  /** Every value of a name: `a`, `label.a` or `record.field`. */
  valuesOf(name: string): readonly string[] {
    const key = this.#visible.get(name) ?? this.#fieldKey(name);
    return (key === undefined ? undefined : this.#values.get(key)) ?? [UNKNOWN];
  }

  set(key: string, values: readonly string[]): void {
    this.#values.set(key, this.#few(values));
  }

  /** Runs alternatives from the same start and joins what they leave; `skippable`: it may be that none of them runs. */
  branch(alternatives: readonly (() => void)[], skippable: boolean): void {
    const before = this.#values;
    const ends = alternatives.map((alternative) => {
      this.#values = new Map(before);
      alternative();
      return this.#values;
    });
    this.#values = this.#join(skippable ? [...ends, before] : ends);
  }

  #fieldKey(name: string): string | undefined {
    const dot = name.lastIndexOf('.');
    const record = dot < 0 ? undefined : this.#visible.get(name.slice(0, dot));
    return record === undefined ? undefined : `${record}.${name.slice(dot + 1)}`;
  }

  #join(ends: readonly Map<string, readonly string[]>[]): Map<string, readonly string[]> {
    const [first = new Map<string, readonly string[]>(), ...others] = ends;
    for (const end of others)
      for (const [key, values] of end) {
        const known = first.get(key);
        if (known === undefined) first.set(key, values);
        else if (known !== values) first.set(key, this.#few([...known, ...values]));
      }
    return first;
  }

  #few(values: readonly string[]): readonly string[] {
    if (values.length <= 1) return values;
    const different = [...new Set(values)];
    if (this.dropped.length < MAX_DROPPED) this.dropped.push(...different.slice(MAX_VALUES));
    return different.slice(0, MAX_VALUES);
  }
}
