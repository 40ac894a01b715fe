/** The front matter of a detector file. Every key has a meaning that `docs/detectors.md` tells. */
import { z } from 'zod';
import { parseDuration } from '../model/duration.ts';
import { SEVERITIES } from '../model/severity.ts';
import { parseWindow } from './window.ts';

/** off: does not run. shadow: what it finds is kept and sent to nobody, to see what it would say. */
export const MODES = ['on', 'shadow', 'off'] as const;
export type Mode = (typeof MODES)[number];

/** Tactics of MITRE ATT&CK for Enterprise, v19. */
export const TACTICS = [
  'reconnaissance',
  'resource-development',
  'initial-access',
  'execution',
  'persistence',
  'privilege-escalation',
  'stealth',
  'defense-impairment',
  'credential-access',
  'discovery',
  'lateral-movement',
  'collection',
  'command-and-control',
  'exfiltration',
  'impact',
] as const;
/** `several`: what it finds has no tactic of its own. */
export type Tactic = (typeof TACTICS)[number] | 'several';

/** A duration such as `10m`, in milliseconds. */
export const duration = z.string().transform((text, context) => {
  const milliseconds = parseDuration(text);
  if (milliseconds === null)
    context.addIssue({ code: 'custom', message: `"${text}" is no duration such as 10m` });
  return milliseconds ?? 0;
});

/** How far back a detector looks, such as `1h` or `2 * $window + $grace`. */
const window = z.string().transform((text, context) => {
  const parsed = parseWindow(text);
  if (parsed === null)
    context.addIssue({
      code: 'custom',
      message: `"${text}" is neither a duration nor a multiple of a parameter, such as 2 * $window`,
    });
  return parsed ?? [];
});

const parameter = z.strictObject({
  type: z.enum(['number', 'duration', 'strings', 'string']),
  default: z.union([z.number(), z.string(), z.array(z.string())]),
  min: z.number().optional(),
  max: z.number().optional(),
  help: z.string(),
});
export type ParameterDefinition = z.infer<typeof parameter>;

/** A sentence that stands in a line of a terminal or of a message. */
const sentence = z
  .string()
  .max(240, 'longer than 240 characters')
  .regex(/^[^\n\v\f\r\u0085\u2028\u2029]*\.$/, 'one line that ends with a full stop');

const techniques = z.array(z.string().regex(/^T[0-9]{4}(\.[0-9]{3})?$/));

export const frontMatter = z.strictObject({
  id: z.string().regex(/^[A-Z][0-9]{2,3}$/, 'an upper-case letter and two or three digits'),
  name: z.string().regex(/^[a-z0-9_]+\.[a-z0-9_]+$/, 'group.name in lower case'),
  title: z.string().min(1),
  /** Why what it reports matters: why ordinary work does not look like this, and what an attacker gains. */
  why: sentence.optional(),
  severity: z.enum(SEVERITIES),
  /** How much one alert adds to the risk of its entity. */
  risk: z.int().min(0).max(100),
  tactic: z.enum([...TACTICS, 'several']),
  /** It reads the alerts of others: it runs after them, and its own add nothing to the risk of an entity. */
  correlates: z.boolean().default(false),
  /** Techniques of ATT&CK v19. */
  attack: techniques,
  /** Those that have another id in v18. */
  attack_v18: techniques.default([]),
  /** Until the configuration says otherwise. */
  mode: z.enum(MODES).default('on'),
  /** It also tells of what the server refused, with or without the text of the statement. */
  denied_attempts: z.boolean().default(false),
  /** Evidence further apart than this belongs to two alerts. */
  quiet: duration,
  /** How far back it looks before $since. Without it, what a look judges is all that it reads. */
  window: window.default([]),
  requires: z.array(z.string()),
  parameters: z.record(z.string(), parameter),
  false_positives: z.array(z.string()),
  runbook: z.array(z.string()).min(1),
});
