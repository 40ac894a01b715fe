/**
 * The notation of the grammar. A rule is a list of alternatives; in the text of an alternative
 *
 * - `<name>` stands for another rule, `<name+>` for one to three of it with commas between,
 * - `{{a // b}}` for one of the texts in it (`{{// a}}`: nothing, or a),
 * - a blank outside of quotes for any white space, with or without comments in it, and one behind `\` for itself,
 * - `@16 ` at its beginning for syntax that PostgreSQL has since that major version.
 */

/** Alternatives by the name of their rule. */
export type Rules = Readonly<Record<string, readonly string[]>>;

/** One piece of a compiled text. */
export type Part =
  | { type: 'text'; text: string }
  | { type: 'gap' }
  | { type: 'rule'; name: string; list: boolean }
  | { type: 'choice'; choices: readonly Part[][] };

/** One compiled alternative. */
export interface Alternative {
  /** As it stands in the grammar. */
  source: string;
  /** First major version that has the syntax; 0 where every supported one has it. */
  since: number;
  parts: readonly Part[];
  /** Fewest rules in each other until only text is left. */
  height: number;
}

export type Grammar = ReadonlyMap<string, readonly Alternative[]>;

const SINCE = /^@(\d+) /;
/** A blank as such, a comment, a whole quoted text, a rule, a bracket of choices, blanks, or anything else. */
const PIECE =
  /\\ |--[^\n]*\n|[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$[a-z]*\$)[\s\S]*?\1|<[a-z_]+\+?>|\{\{|\/\/|\}\}| +|[\s\S]/g;
const RULE = /<([a-z_]+)(\+?)>/;

/** Compiles rules. @throws Error that names a rule which is used and not there, or which never ends */
export function compile(rules: Rules): Grammar {
  const grammar = new Map<string, Alternative[]>();
  for (const [name, sources] of Object.entries(rules))
    grammar.set(
      name,
      sources.map((source) => ({
        source,
        since: Number(SINCE.exec(source)?.[1] ?? 0),
        parts: parse(source.replace(SINCE, '').match(PIECE) ?? [], []),
        height: Number.POSITIVE_INFINITY,
      })),
    );
  measure(grammar);
  return grammar;
}

/** Reads pieces up to the end of a choice, or all; `stop` gets the piece that ended it. */
function parse(pieces: string[], stop: string[]): Part[] {
  const parts: Part[] = [];
  for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) {
    if (piece === '//' || piece === '}}') {
      stop.push(piece);
      break;
    }
    if (piece === '{{') parts.push(choice(pieces));
    else if (/^ +$/.test(piece)) parts.push({ type: 'gap' });
    else parts.push(...textParts(piece === '\\ ' ? ' ' : piece));
  }
  return parts;
}

function choice(pieces: string[]): Part {
  const choices: Part[][] = [];
  const stop: string[] = [];
  do {
    const parts = parse(pieces, stop);
    // The blanks around `//` are not part of the text.
    if (parts[0]?.type === 'gap') parts.shift();
    if (parts.at(-1)?.type === 'gap') parts.pop();
    choices.push(parts);
  } while (stop.at(-1) === '//');
  return { type: 'choice', choices };
}

/** Text and the rules in it; rules stand in quotes too, for SQL in the body of a function. */
function textParts(piece: string): Part[] {
  return piece
    .split(/(<[a-z_]+\+?>)/)
    .filter((text) => text !== '')
    .map((text) => {
      const rule = RULE.exec(text);
      return rule === null ? { type: 'text', text } : { type: 'rule', name: rule[1]!, list: rule[2] === '+' };
    });
}

/** Finds the height of every alternative, from those without rules upwards. */
function measure(grammar: Map<string, Alternative[]>): void {
  const lowest = (name: string): number => {
    const alternatives = grammar.get(name);
    if (alternatives === undefined) throw new Error(`the grammar has no rule ${name}`);
    return Math.min(...alternatives.map(({ height }) => height));
  };
  const heightOf = (parts: readonly Part[]): number =>
    Math.max(
      0,
      ...parts.map((part) => {
        if (part.type === 'rule') return lowest(part.name) + 1;
        return part.type === 'choice' ? Math.min(...part.choices.map(heightOf)) : 0;
      }),
    );
  for (let changed = true; changed; ) {
    changed = false;
    for (const alternative of [...grammar.values()].flat()) {
      const height = heightOf(alternative.parts);
      changed ||= height < alternative.height;
      alternative.height = height;
    }
  }
  for (const [name, alternatives] of grammar)
    for (const { height, source } of alternatives)
      if (height === Number.POSITIVE_INFINITY) throw new Error(`${name} never ends: ${source}`);
}
