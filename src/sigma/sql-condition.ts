/**
 * Translates a condition in SQL to questions that Sigma can ask. SQL has three truth values and Sigma two, so each
 * condition is read twice: when it is true, and when it is false. What is neither is null.
 */
import { type Constant, constantOf, type Parameters } from './constant.ts';
import { and, atom, FALSE, type Formula, not, or, TRUE, type Value } from './formula.ts';
import { listOf, type TextOperand, textOf } from './operand.ts';
import { columnName, type Placed } from './relation.ts';
import { node, nodes, Untranslated } from './tree.ts';

export interface Truth {
  whenTrue: Formula;
  whenFalse: Formula;
}

/** Parts of conditions that are read at most: WITH may repeat a condition again and again. */
const MAX_PARTS = 2_000;

export class ConditionReader {
  readonly #parameters: Parameters;
  #parts = 0;

  constructor(parameters: Parameters) {
    this.#parameters = parameters;
  }

  /** @throws Untranslated saying what has no counterpart in Sigma */
  read(placed: Placed): Truth {
    this.#parts += 1;
    if (this.#parts > MAX_PARTS) throw new Untranslated('has too many conditions');
    const expression = placed.node;
    const constant = constantOf(expression, this.#parameters);
    if (typeof constant === 'boolean') return certain(constant);
    switch (expression.class) {
      case 'COLUMN_REF':
        return this.#column(placed);
      case 'CONJUNCTION':
        return this.#conjunction(placed);
      case 'OPERATOR':
        return this.#operator(placed);
      case 'COMPARISON':
        return this.#comparison(placed);
      case 'FUNCTION':
        return this.#called(placed);
      case 'WINDOW':
        throw new Untranslated('counts over a window of time');
      default:
        throw new Untranslated(`uses ${String(expression.class)} in a condition`);
    }
  }

  #column({ node: reference, scope }: Placed): Truth {
    const found = scope(columnName(reference));
    if (found === undefined) throw new Untranslated(`column ${columnName(reference)} cannot be followed`);
    if ('node' in found) return this.read(found);
    if (found.type !== 'BOOLEAN') throw new Untranslated(`column ${found.column} is no condition`);
    return {
      whenTrue: atom(found.column, '', [true]),
      whenFalse: atom(found.column, '', [false]),
    };
  }

  #conjunction(placed: Placed): Truth {
    const truths = this.#children(placed).map((part) => this.read(part));
    const whenTrue = truths.map((truth) => truth.whenTrue);
    const whenFalse = truths.map((truth) => truth.whenFalse);
    return placed.node.type === 'CONJUNCTION_AND'
      ? { whenTrue: and(...whenTrue), whenFalse: or(...whenFalse) }
      : { whenTrue: or(...whenTrue), whenFalse: and(...whenFalse) };
  }

  #operator(placed: Placed): Truth {
    const [first, ...others] = this.#children(placed);
    switch (placed.node.type) {
      case 'OPERATOR_NOT':
        return opposite(this.read(first!));
      case 'OPERATOR_COALESCE': {
        const fallback = others.length === 1 ? constantOf(others[0]!.node, this.#parameters) : undefined;
        if (typeof fallback !== 'boolean') break;
        const { whenTrue, whenFalse } = this.read(first!);
        return fallback ? { whenTrue: not(whenFalse), whenFalse } : { whenTrue, whenFalse: not(whenTrue) };
      }
      case 'OPERATOR_IS_NULL':
        return isNull(this.#text(first!));
      case 'OPERATOR_IS_NOT_NULL':
        return opposite(isNull(this.#text(first!)));
      case 'COMPARE_IN':
      case 'COMPARE_NOT_IN': {
        const values = others.map((other) => this.#string(other));
        const truth = equals(this.#text(first!), values);
        return placed.node.type === 'COMPARE_IN' ? truth : opposite(truth);
      }
    }
    throw new Untranslated(`uses ${words(placed.node.type)}`);
  }

  #comparison({ node: expression, scope }: Placed): Truth {
    const left = { node: node(expression.left), scope };
    const right = { node: node(expression.right), scope };
    const [constants, others] = [left, right].map((side) => constantOf(side.node, this.#parameters)) as [
      Constant | undefined,
      Constant | undefined,
    ];
    const isEqual = expression.type === 'COMPARE_EQUAL';
    if (isEqual || expression.type === 'COMPARE_NOTEQUAL') {
      if (typeof constants === 'string' && typeof others === 'string')
        return certain((constants === others) === isEqual);
      const truth = equals(this.#text(typeof constants === 'string' ? right : left), [
        this.#string(typeof constants === 'string' ? left : right),
      ]);
      return isEqual ? truth : opposite(truth);
    }
    if (expression.type === 'COMPARE_GREATERTHAN' && others === 0) return this.#hasElements(left, constants);
    throw new Untranslated(`compares with ${words(expression.type)}`);
  }

  /** `len(list) > 0`, also of what two lists share. */
  #hasElements(left: Placed, constant: Constant | undefined): Truth {
    if (typeof constant === 'number') return certain(constant > 0);
    if (left.node.class !== 'FUNCTION' || left.node.function_name !== 'len')
      throw new Untranslated('compares numbers');
    const list = listOf(this.#children(left)[0]!, this.#parameters);
    if (list.shared === null) return ofField(list.column, atom(list.column, '', ['*']));
    return ofField(list.column, atom(list.column, '', list.shared.map(plain), list.isVocabulary));
  }

  #called(placed: Placed): Truth {
    const name = String(placed.node.function_name);
    const [first, second, ...others] = this.#children(placed);
    if (first === undefined || second === undefined) throw new Untranslated(`calls ${name}`);
    const [here, there] = [first, second].map((side) => constantOf(side.node, this.#parameters));
    switch (name) {
      case 'list_contains':
      case 'list_has':
        if (Array.isArray(here)) return equals(this.#text(second), here);
        return this.#listHas(first, [this.#string(second)]);
      case 'list_has_any':
        if (Array.isArray(there) && !Array.isArray(here)) return this.#listHas(first, there);
        break;
      case 'contains':
        // `x IN $list` is this function too.
        if (Array.isArray(here)) return equals(this.#text(second), here);
        return matches(this.#text(first), 'contains', this.#string(second), (text, part) =>
          text.includes(part),
        );
      case 'starts_with':
      case 'prefix':
      case '^@':
        return matches(this.#text(first), 'startswith', this.#string(second), (text, part) =>
          text.startsWith(part),
        );
      case 'ends_with':
      case 'suffix':
        return matches(this.#text(first), 'endswith', this.#string(second), (text, part) =>
          text.endsWith(part),
        );
      case 'regexp_matches':
        if (others.length === 0) return expression(this.#text(first), this.#string(second));
    }
    throw new Untranslated(`calls ${name} in a way that Sigma has no word for`);
  }

  #listHas(list: Placed, values: readonly string[]): Truth {
    const { column, shared, isVocabulary } = listOf(list, this.#parameters);
    if (shared !== null) throw new Untranslated('searches in what two lists share');
    return ofField(column, atom(column, '', values.map(plain), isVocabulary));
  }

  #children({ node: expression, scope }: Placed): Placed[] {
    return nodes(expression.children).map((child) => ({ node: child, scope }));
  }

  #text(placed: Placed): TextOperand {
    return textOf(placed, this.#parameters);
  }

  #string(placed: Placed): string {
    const value = constantOf(placed.node, this.#parameters);
    if (typeof value !== 'string') throw new Untranslated('compares with what is no constant text');
    return value;
  }
}

function certain(value: boolean): Truth {
  return value ? { whenTrue: TRUE, whenFalse: FALSE } : { whenTrue: FALSE, whenFalse: TRUE };
}

function opposite({ whenTrue, whenFalse }: Truth): Truth {
  return { whenTrue: whenFalse, whenFalse: whenTrue };
}

function isNull({ column, fallback }: TextOperand): Truth {
  if (fallback !== null) return certain(false);
  const missing = atom(column, '', [null]);
  return { whenTrue: missing, whenFalse: not(missing) };
}

/** Where the field is null, so is the answer. */
function ofField(field: string, question: Formula): Truth {
  return { whenTrue: question, whenFalse: and(not(atom(field, '', [null])), not(question)) };
}

/** A question to a text that may stand for another where it is null. */
function ofText({ column, fallback }: TextOperand, question: Formula, ofFallback: () => boolean): Truth {
  if (fallback === null) return ofField(column, question);
  const whenTrue = ofFallback() ? or(question, atom(column, '', [null])) : question;
  return { whenTrue, whenFalse: not(whenTrue) };
}

function equals(operand: TextOperand, values: readonly string[]): Truth {
  // What was made lower case never equals a text with capitals.
  const possible = operand.isLower ? values.filter((value) => value === value.toLowerCase()) : values;
  const question = atom(operand.column, '', possible.map(plain), operand.isLower || operand.isVocabulary);
  return ofText(operand, question, () => possible.includes(operand.fallback ?? ''));
}

function matches(
  operand: TextOperand,
  modifier: string,
  part: string,
  holds: (text: string, part: string) => boolean,
): Truth {
  if (operand.isLower && part !== part.toLowerCase()) return ofText(operand, FALSE, () => false);
  const question = atom(operand.column, modifier, [plain(part)], operand.isLower);
  return ofText(operand, question, () => holds(operand.fallback ?? '', part));
}

function expression(operand: TextOperand, pattern: string): Truth {
  if (operand.isLower && !foldsAlike(pattern))
    throw new Untranslated('has a regular expression over lower case that Sigma cannot repeat');
  if (/\(\?(?!:)/.test(pattern)) throw new Untranslated('has flags in a regular expression');
  const question = atom(operand.column, operand.isLower ? 're|i' : 're', [pattern]);
  return ofText(operand, question, () => {
    // Only an empty text is sure to be read alike by both dialects.
    if (operand.fallback !== '' || /\\[AzZQEpPC]|\[\[:/.test(pattern))
      throw new Untranslated('holds a regular expression against a constant');
    return new RegExp(pattern).test('');
  });
}

/** Whether a pattern finds the same in a text in lower case as it finds in the text itself without heed of case. */
function foldsAlike(pattern: string): boolean {
  const bare = pattern.replace(/\\[^xpPQ]/g, ' ');
  const ranges = bare.match(/[^[]-[^\]]/g) ?? [];
  return !/[A-Z]|\\[xpPQ]/.test(bare) && ranges.every((range) => /^(?:[a-z]-[a-z]|[0-9]-[0-9])$/.test(range));
}

/** A text without wildcards, as Sigma writes it. */
function plain(text: string): Value {
  return text.replace(/[\\*?]/g, '\\$&');
}

function words(type: unknown): string {
  return String(type)
    .replace(/^(COMPARE|OPERATOR)_/, '')
    .replaceAll('_', ' ');
}
