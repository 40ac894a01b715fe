/** Questions in SQL, investigations, and what can be asked about. */
import { z } from 'zod';
import { PgvigilError } from '../errors.ts';
import { askInvestigation } from '../query/investigations/ask.ts';
import { findInvestigation, loadInvestigations } from '../query/investigations/investigation.ts';
import { type AnswerFormat, formatFor, jsonResponse, MEDIA_TYPES, page, streamed } from './answering.ts';
import type { AskedQuery } from './asked-query.ts';
import { type Call, route, type Services } from './route.ts';

const DEFAULT_PAGE_SIZE = 1_000;
const MAX_PAGE_SIZE = 10_000;

const scalar = z.union([z.null(), z.boolean(), z.number(), z.string()]);

/** How an answer is wanted. */
const wishes = {
  limit: z.int().min(1).optional().describe('Rows at most. The limit of the server holds besides.'),
  timeoutMs: z
    .int()
    .min(1)
    .optional()
    .describe('Milliseconds of work at most, within what the server allows.'),
  format: z
    .enum(Object.keys(MEDIA_TYPES) as [AnswerFormat, ...AnswerFormat[]])
    .optional()
    .describe('In place of the Accept header.'),
  pageSize: z
    .int()
    .min(1)
    .max(MAX_PAGE_SIZE)
    .default(DEFAULT_PAGE_SIZE)
    .describe('Rows of a page of JSON. A page of very long rows has fewer.'),
};

const queryBody = z.strictObject({
  sql: z.string().describe('One query over the public views, in the dialect of DuckDB.'),
  parameters: z
    .union([z.array(scalar).max(1_000), z.record(z.string(), scalar)])
    .optional()
    .describe('Values for `$1` and `?` by position, or for `$name` by name.'),
  ...wishes,
});

const columns = z
  .array(z.object({ name: z.string(), type: z.string().describe('As DuckDB names it.') }))
  .describe('In the order of the query; two may have one name.');
const cut = z
  .enum(['rows', 'bytes'])
  .nullable()
  .describe('Why rows are missing at the end; null: none are, or there is another page.');
const row = z.array(z.unknown());

const answers = {
  [MEDIA_TYPES.json]: z.object({
    columns,
    rows: z.array(row),
    next: z
      .string()
      .nullable()
      .describe('Cursor of the next page, see GET /query/{cursor}; null: this is the last.'),
    cut,
  }),
  [MEDIA_TYPES.ndjson]: z
    .union([
      z.object({ columns }),
      z.object({ row }),
      z.object({ end: z.object({ rows: z.int(), cut }) }),
      z.object({ error: z.object({ code: z.string(), message: z.string(), hint: z.string() }) }),
    ])
    .describe(
      'One line each: the columns, then the rows, then the end or an error. Without the last line it is not whole.',
    ),
  [MEDIA_TYPES.csv]: z
    .string()
    .describe(
      'RFC 4180 with a header. The connection breaks when the query fails; the trailers x-pgvigil-rows and x-pgvigil-cut say the rest.',
    ),
};
const failures = ['USAGE', 'QUERY_REFUSED', 'QUERY_FAILED', 'QUERY_BUSY', 'BODY_TOO_LARGE'] as const;

async function answerWith(
  query: AskedQuery,
  { format, pageSize }: { format?: AnswerFormat | undefined; pageSize: number },
  { user, exchange }: Pick<Call<unknown, unknown, unknown>, 'user' | 'exchange'>,
  { open }: Services,
): Promise<Response> {
  const chosen = format ?? formatFor(exchange.accept);
  if (chosen !== 'json') return streamed(query, chosen, exchange);
  return page({ query, user, pageSize }, open, exchange);
}

const view = z.object({ name: z.string(), comment: z.string() });
const viewWithColumns = view.extend({
  columns: z.array(z.object({ name: z.string(), type: z.string(), comment: z.string() })),
});
const investigation = z.object({
  name: z.string(),
  title: z.string(),
  topic: z.string(),
  question: z.string(),
});
const wholeInvestigation = investigation.extend({
  howToRead: z.string(),
  parameters: z.record(
    z.string(),
    z.object({
      type: z.enum(['text', 'number', 'time']),
      help: z.string(),
      required: z.literal(true).optional(),
      default: z.string().nullable().optional(),
      example: z.string().optional(),
    }),
  ),
  sql: z.string(),
});

const name = z.object({ name: z.string().max(200) });

export const QUERY_ROUTES = [
  route({
    method: 'post',
    path: '/query',
    role: 'analyst',
    tag: 'queries',
    summary: 'Asks a query in SQL',
    description: 'It is cancelled when the client goes. Every query goes to the audit.',
    body: queryBody,
    answers,
    failures,
    answer: async (call, services) => {
      const { sql, parameters, limit, timeoutMs } = call.body;
      const asked = { sql, limit, timeoutMs, audit: sql, ...(parameters && { parameters }) };
      const query = await services.ask(asked, call.user, call.exchange);
      return answerWith(query, call.body, call, services);
    },
  }),
  route({
    method: 'get',
    path: '/query/{cursor}',
    role: 'viewer',
    tag: 'queries',
    summary: 'The next page of an answer',
    description: 'A cursor is for one page. The answer is gone when nobody asks for its next page in time.',
    parts: z.object({ cursor: z.string().max(200) }),
    answers: { [MEDIA_TYPES.json]: answers[MEDIA_TYPES.json] },
    failures: ['NOT_FOUND', 'QUERY_FAILED'],
    answer: async ({ path, user, exchange }, { open }) => page(open.take(path.cursor, user), open, exchange),
  }),
  route({
    method: 'get',
    path: '/views',
    role: 'viewer',
    tag: 'queries',
    summary: 'The public views',
    answers: { [MEDIA_TYPES.json]: z.object({ views: z.array(view) }) },
    failures: [],
    answer: async (_call, { views }) =>
      jsonResponse({ views: (await views()).map(({ name, comment }) => ({ name, comment })) }),
  }),
  route({
    method: 'get',
    path: '/views/{name}',
    role: 'viewer',
    tag: 'queries',
    summary: 'A view with its columns',
    parts: name,
    answers: { [MEDIA_TYPES.json]: viewWithColumns },
    failures: ['NOT_FOUND'],
    answer: async ({ path }, { views }) => {
      const found = (await views()).find((one) => one.name === path.name);
      if (found !== undefined) return jsonResponse(found);
      throw new PgvigilError('NOT_FOUND', 'there is no such view', 'GET /api/v1/views lists them.');
    },
  }),
  route({
    method: 'get',
    path: '/investigations',
    role: 'viewer',
    tag: 'queries',
    summary: 'The investigations: ready questions with parameters',
    answers: { [MEDIA_TYPES.json]: z.object({ investigations: z.array(investigation) }) },
    failures: [],
    answer: async () => {
      const all = await loadInvestigations();
      const investigations = all.map(({ name, title, topic, question }) => ({
        name,
        title,
        topic,
        question,
      }));
      return jsonResponse({ investigations });
    },
  }),
  route({
    method: 'get',
    path: '/investigations/{name}',
    role: 'viewer',
    tag: 'queries',
    summary: 'An investigation with its parameters and its SQL',
    parts: name,
    answers: { [MEDIA_TYPES.json]: wholeInvestigation },
    failures: ['NOT_FOUND'],
    answer: async ({ path }) => {
      const { file: _file, ...rest } = await findInvestigation(path.name);
      return jsonResponse(rest);
    },
  }),
  route({
    method: 'post',
    path: '/investigations/{name}',
    role: 'viewer',
    tag: 'queries',
    summary: 'Asks an investigation',
    description: 'Answers as POST /query does.',
    parts: name,
    body: z.strictObject({
      parameters: z
        .record(z.string(), z.union([z.string(), z.int().nonnegative()]).transform(String))
        .default({})
        .describe(
          'As GET /investigations/{name} explains them. Times: a date, a time (UTC), or `24h` before the newest event.',
        ),
      ...wishes,
    }),
    answers,
    failures: [...failures, 'NOT_FOUND'],
    answer: async (call, services) => {
      const found = await findInvestigation(call.path.name);
      const given = call.body.parameters;
      const parameters = await askInvestigation(services.runner, found, given);
      // JSON has no line breaks: what was given stays in the comment.
      const audit = `-- investigation ${found.name} ${JSON.stringify(given)}\n${found.sql}`;
      const { limit, timeoutMs } = call.body;
      const asked = { sql: found.sql, parameters, limit, timeoutMs, audit };
      return answerWith(await services.ask(asked, call.user, call.exchange), call.body, call, services);
    },
  }),
];
