/**
 * What detectors can require, as their front matter writes it (`requires`). A closed list: each entry is something that can
 * be looked for in what a server sent, or in the configuration. Pure.
 */

export const AUDIT_CLASSES = ['read', 'write', 'function', 'role', 'ddl', 'misc'] as const;
export type AuditClass = (typeof AUDIT_CLASSES)[number];

export const NEEDS = [
  ...AUDIT_CLASSES.map((name) => `pgaudit.log with ${name}` as const),
  'pgaudit.log_catalog = on',
  'pgaudit.log_rows = on',
  'pgaudit.log_relation = on',
  'log_connections = on',
  'log_disconnections = on',
  'log_replication_commands = on',
  'log_min_messages = error',
  'log_min_error_statement = error',
  'client addresses',
  'literals in statements',
  'enrichment.country',
  'enrichment.asn',
  'enrichment.providers',
  'enrichment.threatLists',
  'networks',
  'baselines',
] as const;
export type Need = (typeof NEEDS)[number];

/** Needs that each tell of events of their own: a detector that lacks one of several still sees the others. */
const SOURCES = /^(pgaudit\.log with .*|log_.*)$/;

export function isSource(need: Need): boolean {
  return SOURCES.test(need);
}

export interface Requirement {
  needs: Need[];
  /** A remark in parentheses says what it is good for: without it the detector sees less, not nothing. */
  isExtra: boolean;
}

/** Reads a line of `requires`: `pgaudit.log with read and ddl`, `networks`, `log_min_messages = error`; null for other words. */
export function parseRequirement(text: string): Requirement | null {
  const match = /^([^()]+?)\s*(\(.+\))?$/.exec(text.trim());
  const what = match?.[1];
  if (what === undefined) return null;
  const isExtra = match?.[2] !== undefined;
  const classes = /^pgaudit\.log with (.+)$/.exec(what)?.[1]?.split(/,\s*(?:and\s+)?|\s+and\s+/);
  // pgaudit writes MISC for both, and Azure takes no misc_set.
  const wanted = classes?.map((name) => `pgaudit.log with ${name === 'misc_set' ? 'misc' : name}`) ?? [what];
  const needs = [...new Set(wanted)].filter(isNeed);
  return needs.length === new Set(wanted).size ? { needs, isExtra } : null;
}

function isNeed(text: string): text is Need {
  return (NEEDS as readonly string[]).includes(text);
}
