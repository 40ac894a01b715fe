/**
 * Writes a detector as a Sigma rule, where its SELECT asks of single events what Sigma can ask. What counts, joins or looks
 * back has no translation: a rule that finds other things than the detector would be worse than none.
 */
import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import type { Detector } from '../detect/detector.ts';
import type { Severity } from '../model/severity.ts';
import { and, type Formula, hidingAtoms } from './formula.ts';
import { logsourceOf } from './logsource.ts';
import { type Known, type Placed, relationOf } from './relation.ts';
import { detectionOf } from './selections.ts';
import { ConditionReader } from './sql-condition.ts';
import { node, nodes, queryOf, Untranslated } from './tree.ts';

export type Exported = { rule: string; fileName: string } | { reason: string };

/** Namespace of the ids of exported rules: a random UUID that never changes. */
const NAMESPACE = Buffer.from('6f0d3b5e7a514c0f9e6b1d4c2a8f7031', 'hex');

const LEVELS: Record<Severity, string> = {
  info: 'informational',
  low: 'low',
  medium: 'medium',
  high: 'high',
  critical: 'critical',
};

/**
 * The Sigma rule of a detector, or why there is none.
 *
 * @param serialized its SQL as DuckDB's `json_serialize_sql` writes it, with all that is null, empty or default
 */
export function exportDetector(detector: Detector, serialized: string, known: Known): Exported {
  try {
    return { rule: ruleOf(detector, serialized, known), fileName: fileNameOf(detector) };
  } catch (error) {
    if (error instanceof Untranslated) return { reason: error.message };
    // The depth of a query is its author's choice.
    if (error instanceof RangeError) return { reason: 'is nested too deep' };
    throw error;
  }
}

function ruleOf(detector: Detector, serialized: string, known: Known): string {
  if (detector.correlates) throw new Untranslated('reads the alerts of other detectors');
  if (detector.window.length > 0) throw new Untranslated('looks back over a window of time');
  const relation = relationOf(queryOf(serialized), known);
  const reader = new ConditionReader(detector.parameters);
  const questions = relation.conditions.flatMap(conjuncts).filter((placed) => !isTimeBound(placed));
  const formula = and(...questions.map((placed) => reader.read(placed).whenTrue));
  const hiding = hidingAtoms(formula)[0];
  if (hiding !== undefined)
    throw new Untranslated(
      `leaves out values of ${hiding.field} with heed of case, which Sigma does not take`,
    );
  const detection = detectionOf(formula);
  const rule = {
    title: detector.title,
    id: ruleId(detector.id),
    status: 'experimental',
    description: describe(detector, formula),
    author: 'pgvigil',
    tags: tagsOf(detector),
    logsource: logsourceOf(relation.view),
    detection,
    ...(detector.falsePositives.length > 0 && { falsepositives: [...new Set(detector.falsePositives)] }),
    level: LEVELS[detector.severity],
  };
  return stringify(rule, { indent: 4, lineWidth: 0, singleQuote: true, aliasDuplicateObjects: false });
}

function conjuncts({ node: expression, scope }: Placed): Placed[] {
  if (expression.type !== 'CONJUNCTION_AND') return [{ node: expression, scope }];
  return nodes(expression.children).flatMap((child) => conjuncts({ node: child, scope }));
}

/** `event_time > $since` and `event_time <= $until`: whoever runs the rule has bounds of his own. */
function isTimeBound({ node: expression }: Placed): boolean {
  if (expression.class !== 'COMPARISON') return false;
  const left = node(expression.left);
  const right = node(expression.right);
  if (left.class !== 'COLUMN_REF' || right.class !== 'PARAMETER') return false;
  const column = Array.isArray(left.column_names) ? left.column_names.at(-1) : undefined;
  return (
    column === 'event_time' &&
    ((expression.type === 'COMPARE_GREATERTHAN' && right.identifier === 'since') ||
      (expression.type === 'COMPARE_LESSTHANOREQUALTO' && right.identifier === 'until'))
  );
}

function describe(detector: Detector, formula: Formula): string {
  const parameters = Object.keys(detector.parameters);
  return [
    `${detector.title}. Exported from the detector ${detector.id} (${detector.name}) of pgvigil.`,
    ...(parameters.length > 0 ? [`Its parameters are at their defaults: ${parameters.join(', ')}.`] : []),
    ...(takesMore(formula) ? ['Sigma takes no heed of case, so the rule may match a little more.'] : []),
  ].join(' ');
}

function takesMore(formula: Formula): boolean {
  if (formula.kind === 'atom') return !formula.atom.isExact;
  if (formula.kind === 'not') return takesMore(formula.part);
  return formula.kind !== 'constant' && formula.parts.some(takesMore);
}

function tagsOf({ tactic, attack }: Detector): string[] {
  const tactics = tactic === 'several' ? [] : [`attack.${tactic}`];
  return [...new Set([...tactics, ...attack.map((technique) => `attack.${technique.toLowerCase()}`)])];
}

/** UUID of version 5, the same for a detector in every export. */
export function ruleId(detectorId: string): string {
  const hash = createHash('sha1').update(NAMESPACE).update(`detector ${detectorId}`).digest().subarray(0, 16);
  hash[6] = (hash[6]! & 0x0f) | 0x50;
  hash[8] = (hash[8]! & 0x3f) | 0x80;
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Lower-case letters, digits and underscores, 70 characters at most, as SigmaHQ names files. */
function fileNameOf({ id, name }: Detector): string {
  return `${`pgvigil_${id}_${name}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, 66)}.yml`;
}
