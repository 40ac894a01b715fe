/** Writes a formula as Sigma does: named selections and a condition over their names. */
import type { Atom, Formula, Value } from './formula.ts';
import { Untranslated } from './tree.ts';

type Selection = Record<string, Value | Value[]>;
export type Detection = Record<string, Selection | Selection[] | string>;

/** Nobody reads a rule with more. */
const MAX_SELECTIONS = 40;

/**
 * @throws Untranslated for a formula without a question, or with too many
 */
export function detectionOf(formula: Formula): Detection {
  if (formula.kind === 'constant')
    throw new Untranslated(
      formula.value ? 'finds every event' : 'finds nothing with its parameters at their defaults',
    );
  const writer = new Writer();
  const condition = writer.write(formula, 'selection');
  return { ...writer.detection, condition };
}

class Writer {
  readonly detection: Detection = {};
  /** Names by what they stand for: one question is written once. */
  readonly #names = new Map<string, string>();
  readonly #counts = { selection: 0, filter: 0 };

  write(formula: Formula, kind: 'selection' | 'filter', isInside = false): string {
    switch (formula.kind) {
      case 'constant':
        throw new Error('a constant stays inside a formula');
      case 'not':
        return `not ${this.write(formula.part, kind === 'filter' ? 'selection' : 'filter', true)}`;
      case 'atom':
        return this.#named(kind, asMap([formula.atom])!);
      default: {
        const parts =
          formula.kind === 'and' ? this.#all(formula.parts, kind) : this.#some(formula.parts, kind);
        const text = parts.join(` ${formula.kind} `);
        return isInside && parts.length > 1 ? `(${text})` : text;
      }
    }
  }

  /** Questions that all have to be answered with yes: those to different fields stand in one selection. */
  #all(parts: readonly Formula[], kind: 'selection' | 'filter'): string[] {
    const together: Atom[] = [];
    const apart: Formula[] = [];
    for (const part of parts) {
      const fits = part.kind === 'atom' && !together.some((other) => keyOf(other) === keyOf(part.atom));
      if (fits) together.push(part.atom);
      else apart.push(part);
    }
    const first = together.length > 0 ? [this.#named(kind, asMap(together)!)] : [];
    return [...first, ...apart.map((part) => this.write(part, kind, true))];
  }

  /** Questions of which one has to be answered with yes: a list of maps. */
  #some(parts: readonly Formula[], kind: 'selection' | 'filter'): string[] {
    const atoms = new Map<string, Atom>();
    const maps: Selection[] = [];
    const apart: Formula[] = [];
    for (const part of parts) {
      if (part.kind === 'atom') {
        const { atom } = part;
        const before = atoms.get(keyOf(atom));
        atoms.set(keyOf(atom), {
          ...atom,
          values: [...new Set([...(before?.values ?? []), ...atom.values])],
        });
        continue;
      }
      const map =
        part.kind === 'and' && part.parts.every((one) => one.kind === 'atom')
          ? asMap(part.parts.map((one) => one.atom))
          : null;
      if (map === null) apart.push(part);
      else maps.push(map);
    }
    const list = [...[...atoms.values()].map((atom) => asMap([atom])!), ...maps];
    const first = list.length > 0 ? [this.#named(kind, list.length === 1 ? list[0]! : list)] : [];
    return [...first, ...apart.map((part) => this.write(part, kind, true))];
  }

  #named(kind: 'selection' | 'filter', selection: Selection | Selection[]): string {
    const content = JSON.stringify(selection);
    const known = this.#names.get(content);
    if (known !== undefined) return known;
    this.#counts[kind] += 1;
    if (this.#counts.selection + this.#counts.filter > MAX_SELECTIONS)
      throw new Untranslated('would need too many selections');
    const name = `${kind}_${this.#counts[kind]}`;
    this.detection[name] = selection;
    this.#names.set(content, name);
    return name;
  }
}

/** One map of these questions; null when two ask the same of one field. */
function asMap(atoms: readonly Atom[]): Selection | null {
  const map: Selection = {};
  for (const atom of atoms) {
    const key = keyOf(atom);
    if (Object.hasOwn(map, key)) return null;
    map[key] = atom.values.length === 1 ? atom.values[0]! : [...atom.values];
  }
  return map;
}

function keyOf({ field, modifier }: Atom): string {
  return modifier === '' ? field : `${field}|${modifier}`;
}
