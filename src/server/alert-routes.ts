/** Alerts, and what people do with them and their deliveries. */
import { z } from 'zod';
import { CLOSE_REASONS } from '../alerts/desk.ts';
import { type AlertsAnswer, type AlertsRequest, answerAlertsRequest, type Desk } from '../alerts/requests.ts';
import { PgvigilError } from '../errors.ts';
import { SILENT_STATUSES } from '../model/alert.ts';
import { parseDuration } from '../model/duration.ts';
import { parseMoment } from '../model/moment.ts';
import { SEVERITIES } from '../model/severity.ts';
import { alertRows, type Place, wholeAlert } from './alert-rows.ts';
import { jsonResponse, MEDIA_TYPES } from './answering.ts';
import { HttpError } from './failure.ts';
import { route } from './route.ts';

const STATUSES = ['open', 'acknowledged', 'closed', ...SILENT_STATUSES] as const;
const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 500;

const text = z.string().nullable();
const time = z.string().describe('ISO 8601, UTC.');

const alert = z.object({
  id: z.string(),
  detector: z.string(),
  name: z.string(),
  title: z.string(),
  severity: z.enum(SEVERITIES),
  status: z.enum(STATUSES),
  server: z.string(),
  entity: z.string(),
  summary: z.string(),
  user: text,
  client: text,
  database: text,
  application: text,
  first_seen: time,
  last_seen: time,
  count: z.int().describe('Events behind it.'),
  sessions: z.array(z.string()),
  observed: z.number().nullable(),
  baseline: z.number().nullable(),
  threshold: z.number().nullable(),
});

const evidence = z.object({
  record_id: z.int(),
  event_time: time,
  session_id: text,
  user: text,
  client: text,
  summary: text,
  statement: text.describe('With $n for each literal.'),
});

const step = z.object({
  sequence: z.int(),
  happened_at: time,
  action: z.string(),
  actor: text,
  via: text,
  what: text,
  reason: text,
  note: text,
  severity: text,
  count: z.int().nullable(),
});

/** `high,critical`. */
function listOf<const T extends readonly string[]>(values: T, meaning: string) {
  const one = values.join('|');
  return z
    .string()
    .regex(new RegExp(`^(${one})(,(${one}))*$`), `one or more of ${values.join(', ')}, with commas between`)
    .optional()
    .describe(meaning);
}

const filter = z.strictObject({
  status: listOf(STATUSES, 'Statuses, with commas between; all unless given.'),
  severity: listOf(SEVERITIES, 'Severities, with commas between.'),
  detector: z.string().max(200).optional().describe('Id or name of a detector.'),
  server: z.string().max(200).optional(),
  since: z
    .string()
    .max(64)
    .optional()
    .describe('With events since a date, a time (UTC), or so long ago: `24h`.'),
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(DEFAULT_LIMIT).describe('Alerts of a page.'),
  cursor: z.string().max(500).optional().describe('`next` of the page before.'),
});

const alertId = z.object({ id: z.string().regex(/^al_[0-9a-f]{24}$/, 'al_ and 24 hexadecimal digits') });
const note = z.string().max(1_000).nullable().default(null).describe('What the person wants to add.');
const decided = { [MEDIA_TYPES.json]: z.object({ id: z.string(), status: z.enum(STATUSES) }) };
const decisionFailures = ['NOT_FOUND', 'CONFLICT', 'BODY_TOO_LARGE', 'STORE_WRITE'] as const;

/** What the desk refuses with USAGE speaks of the alert's state, not of the request. */
async function decide(desk: Desk, asked: AlertsRequest): Promise<AlertsAnswer> {
  try {
    return await answerAlertsRequest(desk, asked);
  } catch (error) {
    if (!(error instanceof PgvigilError) || error.code !== 'USAGE') throw error;
    throw new HttpError('CONFLICT', error.message, error.hint);
  }
}

function actorOf(user: string) {
  return { name: user, via: 'api' } as const;
}

function decision(action: 'acknowledge' | 'reopen', summary: string) {
  return route({
    method: 'post',
    path: `/alerts/{id}/${action}`,
    role: 'analyst',
    tag: 'alerts',
    summary,
    parts: alertId,
    body: z.strictObject({ note }),
    answers: decided,
    failures: decisionFailures,
    answer: async ({ path, body, user }, { desk }) =>
      jsonResponse(await decide(desk, { action, id: path.id, actor: actorOf(user), note: body.note })),
  });
}

export const ALERT_ROUTES = [
  route({
    method: 'get',
    path: '/alerts',
    role: 'viewer',
    tag: 'alerts',
    summary: 'Alerts, newest first',
    query: filter,
    answers: {
      [MEDIA_TYPES.json]: z.object({
        alerts: z.array(alert),
        next: z.string().nullable().describe('`cursor` of the next page; null: this is the last.'),
      }),
    },
    failures: ['USAGE', 'QUERY_BUSY'],
    answer: async ({ query }, { runner }) => {
      const { limit, cursor } = query;
      const wanted = {
        statuses: query.status ?? null,
        severities: query.severity ?? null,
        detector: query.detector ?? null,
        server: query.server ?? null,
        since: query.since === undefined ? null : momentOf(query.since),
      };
      const after = cursor === undefined ? null : placeOf(cursor);
      const rows = await alertRows(runner, wanted, after, limit + 1);
      const alerts = rows.slice(0, limit);
      const last = rows.length > limit ? alerts.at(-1)! : null;
      const next = last && cursorOf({ time: String(last.first_seen), id: String(last.id) });
      return jsonResponse({ alerts, next });
    },
  }),
  route({
    method: 'get',
    path: '/alerts/{id}',
    role: 'viewer',
    tag: 'alerts',
    summary: 'An alert with evidence and history',
    description:
      'The first 200 events behind it and its last 200 steps; the views `evidence` and `alert_history` have all.',
    parts: alertId,
    answers: {
      [MEDIA_TYPES.json]: alert.extend({ evidence: z.array(evidence), history: z.array(step) }),
    },
    failures: ['NOT_FOUND', 'QUERY_BUSY'],
    answer: async ({ path }, { runner }) => jsonResponse(await wholeAlert(runner, path.id)),
  }),
  decision('acknowledge', 'Says that somebody looks after an alert'),
  decision('reopen', 'Opens a closed alert again'),
  route({
    method: 'post',
    path: '/alerts/{id}/close',
    role: 'analyst',
    tag: 'alerts',
    summary: 'Closes an alert',
    parts: alertId,
    body: z.strictObject({ reason: z.enum(CLOSE_REASONS), note }),
    answers: decided,
    failures: decisionFailures,
    answer: async ({ path, body, user }, { desk }) =>
      jsonResponse(await decide(desk, { action: 'close', id: path.id, actor: actorOf(user), ...body })),
  }),
  route({
    method: 'post',
    path: '/deliveries/replay',
    role: 'admin',
    tag: 'alerts',
    summary: 'Sends again what was given up',
    body: z.strictObject({
      channel: z.string().min(1).max(100).nullable().default(null).describe('Only to this channel.'),
      delivery: z.string().min(1).max(100).nullable().default(null).describe('Only this one.'),
    }),
    answers: { [MEDIA_TYPES.json]: z.object({ messages: z.int() }) },
    failures: ['NOT_FOUND', 'BODY_TOO_LARGE', 'STORE_WRITE'],
    answer: async ({ body }, { desk }) =>
      jsonResponse(await answerAlertsRequest(desk, { action: 'replay', ...body })),
  }),
  route({
    method: 'post',
    path: '/channels/{name}/enable',
    role: 'admin',
    tag: 'alerts',
    summary: 'Lets a channel be tried again whose receiver wanted no more',
    parts: z.object({ name: z.string().min(1).max(100) }),
    answers: { [MEDIA_TYPES.json]: z.object({ channel: z.string() }) },
    failures: ['NOT_FOUND', 'STORE_WRITE'],
    answer: async ({ path }, { desk }) => {
      await answerAlertsRequest(desk, { action: 'enable', channel: path.name });
      return jsonResponse({ channel: path.name });
    },
  }),
];

function momentOf(since: string): string {
  const now = Date.now();
  const ago = parseDuration(since);
  const at = ago === null ? parseMoment(since, now) : now - ago;
  // JavaScript's times reach further than a long duration leads back.
  if (at !== null && Math.abs(at) < 8e15) return new Date(at).toISOString().slice(0, -1).replace('T', ' ');
  throw new PgvigilError(
    'USAGE',
    'since: it is no time',
    'Write 2026-12-31, 2026-12-31T18:00 (UTC), or a duration such as 24h.',
  );
}

const place = z.strictObject({ time: z.iso.datetime(), id: z.string() });

function cursorOf(at: Place): string {
  return Buffer.from(JSON.stringify(at)).toString('base64url');
}

function placeOf(cursor: string): Place {
  try {
    return place.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
  } catch {
    throw new PgvigilError('USAGE', 'cursor: it is none', 'Give `next` of the page before as it was.');
  }
}
