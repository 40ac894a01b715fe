/** What a rule asks of an event, in two-valued logic: between SQL and the selections of Sigma. */

export type Value = string | number | boolean | null;

/** One question to one field: does it have one of these values? Texts are plain, without wildcards. */
export interface Atom {
  field: string;
  /** As Sigma writes it: '', contains, startswith, endswith, re or re|i. */
  modifier: string;
  values: readonly Value[];
  /** False where Sigma, which takes no heed of case, matches more than the SQL does. */
  isExact: boolean;
}

export type Formula =
  | { kind: 'atom'; atom: Atom }
  | { kind: 'and' | 'or'; parts: readonly Formula[] }
  | { kind: 'not'; part: Formula }
  | { kind: 'constant'; value: boolean };

export const TRUE: Formula = { kind: 'constant', value: true };
export const FALSE: Formula = { kind: 'constant', value: false };

export function atom(field: string, modifier: string, values: readonly Value[], isExact = true): Formula {
  return values.length === 0 ? FALSE : { kind: 'atom', atom: { field, modifier, values, isExact } };
}

export function and(...parts: readonly Formula[]): Formula {
  return joined('and', parts);
}

export function or(...parts: readonly Formula[]): Formula {
  return joined('or', parts);
}

export function not(part: Formula): Formula {
  if (part.kind === 'constant') return part.value ? FALSE : TRUE;
  return part.kind === 'not' ? part.part : { kind: 'not', part };
}

function joined(kind: 'and' | 'or', parts: readonly Formula[]): Formula {
  const [neutral, final] = kind === 'and' ? [TRUE, FALSE] : [FALSE, TRUE];
  const kept: Formula[] = [];
  for (const part of parts) {
    if (part === final) return final;
    if (part === neutral) continue;
    if (part.kind === kind) kept.push(...part.parts);
    else kept.push(part);
  }
  const different = [...new Map(kept.map((part) => [JSON.stringify(part), part])).values()];
  if (different.length === 0) return neutral;
  return different.length === 1 ? different[0]! : { kind, parts: different };
}

/** The atoms that match more than they should in a place where that makes the whole match less. */
export function hidingAtoms(formula: Formula, isNegated = false): Atom[] {
  switch (formula.kind) {
    case 'atom':
      return isNegated && !formula.atom.isExact ? [formula.atom] : [];
    case 'not':
      return hidingAtoms(formula.part, !isNegated);
    case 'constant':
      return [];
    default:
      return formula.parts.flatMap((part) => hidingAtoms(part, isNegated));
  }
}
