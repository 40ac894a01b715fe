/**
 * Makes a detector file of a Sigma rule. What the rule says becomes constants of the SQL and values of the front matter,
 * never a part of either that means something.
 */
import { stringify } from 'yaml';
import { TACTICS } from '../detect/front-matter.ts';
import type { Severity } from '../model/severity.ts';
import { printable } from '../printable.ts';
import { conditionSql } from './condition.ts';
import { columnOf, KEYWORD_COLUMNS } from './fields.ts';
import { literal } from './literal.ts';
import { type EventView, viewOfService } from './logsource.ts';
import { joined, type Matcher, matchColumn } from './match.ts';
import type { ViewColumns } from './relation.ts';
import type { Rule, RuleItem, Selection } from './rule.ts';
import { refusal } from './sigma-error.ts';

export interface Imported {
  text: string;
  view: EventView;
  /** Regular expressions of the rule: the file may be used when RE2 accepts each. */
  expressions: string[];
}

const VIEWS: readonly EventView[] = ['activity', 'sign_ins', 'records'];
const PRODUCTS = ['postgresql', 'postgres', 'azure', 'database', 'sql'];
const MAX_TEXT = 500;
/** Each may take some megabytes once it is compiled. */
const MAX_EXPRESSIONS = 20;

const SEVERITIES: Record<string, { severity: Severity; risk: number }> = {
  informational: { severity: 'info', risk: 5 },
  low: { severity: 'low', risk: 20 },
  medium: { severity: 'medium', risk: 45 },
  high: { severity: 'high', risk: 70 },
  critical: { severity: 'critical', risk: 90 },
};

/**
 * @param id id that the detector gets
 * @throws PgvigilError DETECTOR_INVALID for a rule that does not fit
 */
export function importRule(rule: Rule, id: string, views: ViewColumns): Imported {
  const view = viewOf(rule, views);
  const columns = views.get(view) ?? new Map<string, string>();
  const names = new Map([...rule.selections.keys()].map((name, index) => [name, `s${index + 1}`]));
  const condition = joined(
    rule.conditions.map((one) => conditionSql(one, names)),
    'OR',
  );
  const used = new Set(condition.match(/\bs[0-9]+\b/g));
  const expressions = new Set<string>();
  const selections: string[] = [];
  for (const [name, selection] of rule.selections) {
    const column = names.get(name)!;
    if (!used.has(column)) continue;
    const matcher = selectionSql(selection, view, columns);
    for (const expression of matcher.expressions) expressions.add(expression);
    selections.push(`coalesce(${matcher.sql}, false) AS ${column}`);
  }
  if (expressions.size > MAX_EXPRESSIONS)
    throw refusal(
      `it has more than ${MAX_EXPRESSIONS} regular expressions`,
      'Take what is needed of them into another rule.',
    );
  const text = `/*---\n${frontMatterOf(rule, id, view)}---*/\n${selectOf(rule, view, selections, condition)}`;
  return { text, view, expressions: [...expressions] };
}

function viewOf(rule: Rule, views: ViewColumns): EventView {
  const product = rule.product?.toLowerCase() ?? null;
  if (product !== null && !PRODUCTS.includes(product))
    throw refusal(
      `it is for the product ${product}`,
      'Rules for PostgreSQL have logsource.product: postgresql.',
    );
  const told = viewOfService(rule.service?.toLowerCase() ?? '');
  const candidates = told === undefined ? VIEWS : [told];
  const lacking = candidates.map((view) => ({ view, fields: unknownFields(rule, view, views) }));
  const found = lacking.find(({ fields }) => fields.length === 0);
  if (found !== undefined) return found.view;
  const nearest = lacking.sort((a, b) => a.fields.length - b.fields.length)[0]!;
  throw refusal(
    `unknown to the view ${nearest.view}: ${nearest.fields.join(', ')}`,
    `Rename them to columns of ${nearest.view}: ${[...(views.get(nearest.view)?.keys() ?? [])].join(', ')}.`,
  );
}

function unknownFields(rule: Rule, view: EventView, views: ViewColumns): string[] {
  const columns = views.get(view) ?? new Map<string, string>();
  const fields = [...rule.selections.values()].flat(2).map(({ field }) => field);
  const unknown = fields.filter((field) =>
    field === null ? KEYWORD_COLUMNS[view].length === 0 : columnOf(field, view, columns) === undefined,
  );
  return [...new Set(unknown.map((field) => field ?? 'keywords'))];
}

function selectionSql(selection: Selection, view: EventView, columns: ReadonlyMap<string, string>): Matcher {
  const expressions: string[] = [];
  const groups = selection.map((group) => {
    const items = group.map((item) => {
      const matcher = item.field === null ? keywords(item, view) : ofField(item, view, columns);
      expressions.push(...matcher.expressions);
      return matcher.sql;
    });
    return joined(items, 'AND');
  });
  return { sql: joined(groups, 'OR'), expressions };
}

function ofField(item: RuleItem, view: EventView, columns: ReadonlyMap<string, string>): Matcher {
  const column = columnOf(item.field ?? '', view, columns) ?? '';
  return matchColumn(column, columns.get(column) ?? '', item);
}

/** A keyword stands anywhere in one of the texts of an event. */
function keywords(item: RuleItem, view: EventView): Matcher {
  const isAll = item.modifiers.includes('all');
  const modifiers = item.modifiers.filter((modifier) => modifier !== 'all');
  const expressions: string[] = [];
  const parts = item.values.map((value) => {
    const places = KEYWORD_COLUMNS[view].map((column) => {
      const asked = {
        field: null,
        modifiers: modifiers.length === 0 ? ['contains'] : modifiers,
        values: [value],
      };
      const matcher = matchColumn(column, 'VARCHAR', asked);
      expressions.push(...matcher.expressions);
      // Two texts of which one may be missing: the other decides.
      return `coalesce(${matcher.sql}, false)`;
    });
    return joined(places, 'OR');
  });
  return { sql: joined(parts, isAll ? 'AND' : 'OR'), expressions };
}

function frontMatterOf(rule: Rule, id: string, view: EventView): string {
  const tags = rule.tags.map((tag) => tag.toLowerCase().replaceAll('_', '-'));
  const tactics = TACTICS.filter((tactic) => tags.includes(`attack.${tactic}`));
  const techniques = tags.flatMap(
    (tag) => /^attack\.(t[0-9]{4}(?:\.[0-9]{3})?)$/.exec(tag)?.[1]?.toUpperCase() ?? [],
  );
  const source = [rule.id && `rule ${rule.id}`, rule.author && `by ${rule.author}`].filter(Boolean).join(' ');
  return stringify(
    {
      id,
      name: `sigma.${slug(rule.title)}`,
      title: shown(rule.title),
      ...SEVERITIES[rule.level],
      tactic: tactics.length === 1 ? tactics[0] : 'several',
      attack: [...new Set(techniques)],
      quiet: '15m',
      requires: REQUIRES[view],
      parameters: {},
      false_positives: rule.falsePositives.map(shown),
      runbook: [
        shown(
          `Read what the Sigma ${source || 'rule'} is about${rule.references.length > 0 ? ` - ${rule.references.join(' ')}` : ''}`,
        ),
        'Ask the person behind the account whether it was meant, and read what the session did before and after.',
      ],
    },
    { lineWidth: 0, aliasDuplicateObjects: false },
  );
}

const REQUIRES: Record<EventView, string[]> = {
  activity: ['pgaudit.log with read, write, function, role, ddl and misc', 'log_min_error_statement = error'],
  sign_ins: ['log_connections = on'],
  records: [],
};

function selectOf(rule: Rule, view: EventView, selections: readonly string[], condition: string): string {
  const hash = view === 'activity' ? ', statement_hash' : '';
  const columns = `record_id, event_time, server, session_id, user_name, client, database_name, application${hash}`;
  const asksPlatform = [...rule.selections.values()]
    .flat(2)
    .some(({ field }) => field?.toLowerCase() === 'is_platform');
  return `WITH judged AS (
  SELECT
    ${columns},
    ${selections.join(',\n    ')}
  FROM ${view}
  WHERE event_time > $since
    AND event_time <= $until${asksPlatform ? '' : '\n    AND NOT coalesce(is_platform, false)'}
)
SELECT
  ${columns},
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(coalesce(user_name, 'unknown user'), ${literal(` matched the Sigma rule “${shown(rule.title)}”`)}) AS summary
FROM judged
WHERE ${condition}
`;
}

function slug(title: string): string {
  return (
    title
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '_')
      .replace(/^_+|_+$/g, '')
      .slice(0, 60) || 'rule'
  );
}

/** A text of the rule on one line that is safe to show, and that ends no comment. */
function shown(text: string): string {
  const safe = printable(text).replaceAll('*/', '* /');
  return safe.length > MAX_TEXT ? `${safe.slice(0, MAX_TEXT)}…` : safe;
}
