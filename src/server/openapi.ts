/** The routes as an OpenAPI 3.1 document. */
import { z } from 'zod';
import { ROLE_MEANINGS, ROLES } from '../access/access.ts';
import { ERROR_CODES } from '../errors.ts';
import { VERSION } from '../version.ts';
import { HTTP_CODES, STATUS_OF } from './failure.ts';
import type { AnyRoute } from './route.ts';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Members = { [key: string]: Json };

export const BASE_PATH = '/api/v1';

const STATUSES: Readonly<Record<string, number | undefined>> = { ...STATUS_OF, ...HTTP_CODES };

const errorShape = z.object({
  error: z.object({
    code: z.enum([...Object.keys(HTTP_CODES), ...Object.keys(ERROR_CODES)] as [string, ...string[]]),
    message: z.string().describe('What happened.'),
    hint: z.string().describe('What to do about it.'),
  }),
});

const TAGS: Members[] = [
  { name: 'queries', description: 'SQL over the public views, and investigations.' },
  { name: 'alerts', description: 'Alerts and their deliveries.' },
  { name: 'state', description: 'The worker and the API.' },
];

export function openApiDocument(routes: readonly AnyRoute[]): Members {
  const paths: { [path: string]: Members } = {};
  for (const route of routes) {
    const path = `${BASE_PATH}${route.path}`;
    paths[path] = { ...paths[path], [route.method]: operation(route) };
  }
  const roles = ROLES.map((role) => `- \`${role}\` ${ROLE_MEANINGS[role]}.`).join('\n');
  return {
    openapi: '3.1.0',
    info: {
      title: 'pgvigil',
      version: VERSION,
      description: `What pgvigil has stored and found, for programs. Roles, from least to most:\n\n${roles}`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    tags: TAGS,
    paths,
    components: {
      schemas: { Error: schemaOf(errorShape, 'output') },
      securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'pgv_…' } },
    },
  };
}

function operation(route: AnyRoute): Members {
  const { role, tag, summary, description, parts, query, body, answers } = route;
  const needs = role === null ? 'Needs no token.' : `Needs the role \`${role}\`.`;
  const parameters = [...parametersIn('path', parts), ...parametersIn('query', query)];
  return {
    operationId: operationId(route),
    tags: [tag],
    summary,
    description: description === undefined ? needs : `${description} ${needs}`,
    security: role === null ? [] : [{ token: [] }],
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        required: true,
        content: { 'application/json': { schema: schemaOf(body, 'input') } },
      },
    }),
    responses: { '200': { description: summary, content: contentOf(answers) }, ...refusals(route) },
  };
}

/** `POST /alerts/{id}/close` is `postAlertsIdClose`. */
function operationId({ method, path }: AnyRoute): string {
  const words = path.split(/[^a-z]+/).filter(Boolean);
  return method + words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join('');
}

function contentOf(answers: AnyRoute['answers']): Members {
  return Object.fromEntries(
    Object.entries(answers).map(([type, schema]) => [type, { schema: schemaOf(schema, 'output') }]),
  );
}

function parametersIn(where: 'path' | 'query', schema: z.ZodType | undefined): Members[] {
  if (schema === undefined) return [];
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, Members>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: where,
    required: required.includes(name),
    ...(description !== undefined && { description }),
    schema: rest,
  }));
}

/** The answers of one shape, by status, with the codes that lead to each. */
function refusals({ role, failures }: AnyRoute): Members {
  const everywhere = role === null ? [] : ['USAGE', 'UNAUTHORIZED', 'FORBIDDEN', 'RATE_LIMITED'];
  const codes = new Map<number, string[]>();
  for (const code of [...new Set([...everywhere, ...failures])]) {
    const status = STATUSES[code]!;
    codes.set(status, [...(codes.get(status) ?? []), code]);
  }
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } };
  return Object.fromEntries(
    [...codes].map(([status, names]) => [String(status), { description: names.join(', '), content }]),
  );
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Members {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io }) as Members;
  return rest;
}
