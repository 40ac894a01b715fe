/** The front matter of an investigation. Every key has a meaning that `docs/investigations.md` shows. */
import { z } from 'zod';

/** What investigations are about, in the order in which people look for them. */
export const TOPICS = {
  users: 'What users did',
  'sign-ins': 'Who signed in, and from where',
  data: 'What was read and changed',
  privileges: 'Roles, rights and settings',
  alerts: 'Alerts and what is around them',
  posture: 'How servers are secured',
  coverage: 'What is seen, and what is not',
} as const;
export type Topic = keyof typeof TOPICS;

/**
 * - `text`: as it stands.
 * - `number`: a whole number.
 * - `time`: a date, a date with a time (UTC), or a duration such as `24h`: so long before the newest event.
 */
export const PARAMETER_TYPES = ['text', 'number', 'time'] as const;

const value = z.union([z.string(), z.int().nonnegative()]).transform(String);

const parameter = z
  .strictObject({
    type: z.enum(PARAMETER_TYPES),
    help: z.string().min(1),
    /** It has no default. */
    required: z.literal(true).optional(),
    /** Null: the query says what that means, e.g. all servers. */
    default: value.nullable().optional(),
    /** A value with which the recording in this repository has something to tell. */
    example: value.optional(),
  })
  .refine(
    ({ required, default: fallback }) => (required === true) !== (fallback !== undefined),
    'it is either required or has a default',
  )
  .refine(
    ({ required, example }) => required !== true || example !== undefined,
    'a required parameter has an example',
  );
export type Parameter = z.infer<typeof parameter>;

export const frontMatter = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'words in lower case with hyphens between'),
  title: z.string().min(1),
  topic: z.enum(Object.keys(TOPICS) as [Topic, ...Topic[]]),
  /** As a person asks it. */
  question: z.string().regex(/\?$/, 'it ends with a question mark'),
  how_to_read: z.string().regex(/\.$/, 'it ends with a full stop'),
  parameters: z.record(z.string().regex(/^[a-z][a-z_]*$/, 'letters in lower case'), parameter),
});
