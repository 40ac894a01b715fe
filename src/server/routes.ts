/** All routes of the API. */
import { z } from 'zod';
import { ALERT_ROUTES } from './alert-routes.ts';
import { jsonResponse, MEDIA_TYPES } from './answering.ts';
import { openApiDocument } from './openapi.ts';
import { QUERY_ROUTES } from './query-routes.ts';
import { type AnyRoute, route } from './route.ts';
import { STATE_ROUTES } from './state-routes.ts';

export const ROUTES: readonly AnyRoute[] = [
  ...QUERY_ROUTES,
  ...ALERT_ROUTES,
  ...STATE_ROUTES,
  route({
    method: 'get',
    path: '/openapi.json',
    role: 'viewer',
    tag: 'state',
    summary: 'This document',
    answers: { [MEDIA_TYPES.json]: z.record(z.string(), z.unknown()) },
    failures: [],
    answer: async () => jsonResponse(openApiDocument(ROUTES)),
  }),
];
