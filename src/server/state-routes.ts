/** The state of the worker, and what the API itself is. */
import { z } from 'zod';
import { jsonResponse, MEDIA_TYPES } from './answering.ts';
import { route } from './route.ts';

export const STATE_ROUTES = [
  route({
    method: 'get',
    path: '/status',
    role: 'viewer',
    tag: 'state',
    summary: 'The state of the worker',
    answers: { [MEDIA_TYPES.json]: z.unknown() },
    failures: [],
    answer: async (_call, { status }) => jsonResponse(await status()),
  }),
  route({
    method: 'get',
    path: '/health',
    role: null,
    tag: 'state',
    summary: 'Whether the API answers',
    answers: { [MEDIA_TYPES.json]: z.object({ status: z.literal('ok') }) },
    failures: [],
    answer: async () => jsonResponse({ status: 'ok' }),
  }),
];
