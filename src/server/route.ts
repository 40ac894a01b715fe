/** One route of the API: what a request holds, what is answered, and whose right it is. The router and docs/openapi.json read it. */
import type { z } from 'zod';
import type { Role } from '../access/access.ts';
import type { Desk } from '../alerts/requests.ts';
import type { ErrorCode } from '../errors.ts';
import type { QueryParameters, QueryRunner } from '../query/query-runner.ts';
import type { View } from '../query/query-session.ts';
import type { AskedQuery } from './asked-query.ts';
import type { Exchange } from './exchange.ts';
import type { HttpCode } from './failure.ts';
import type { OpenAnswers } from './open-answers.ts';

/** Of one answer, whatever its client wishes. None is 0. */
export interface QueryLimits {
  rows: number;
  bytes: number;
  timeoutMs: number;
}

/** What the routes work with. */
export interface Services {
  runner: QueryRunner;
  limits: QueryLimits;
  open: OpenAnswers;
  views(): Promise<readonly View[]>;
  status(): Promise<unknown>;
  desk: Desk;
  /** Starts a query that somebody asks. @throws PgvigilError QUERY_REFUSED, QUERY_FAILED, QUERY_BUSY */
  ask(asked: Asked, user: string, exchange: Exchange): Promise<AskedQuery>;
}

export interface Asked {
  sql: string;
  parameters?: QueryParameters;
  limit?: number | undefined;
  timeoutMs?: number | undefined;
  /** Text of the audit. */
  audit: string;
}

/** A request that was let in, with what its schemas made of it. */
export interface Call<P, Q, B> {
  path: P;
  query: Q;
  body: B;
  /** Name of the token; empty where none is needed. */
  user: string;
  exchange: Exchange;
}

export type Tag = 'queries' | 'alerts' | 'state';

export interface Route<P = never, Q = never, B = never> {
  method: 'get' | 'post';
  /** Below /api/v1, parts in braces. */
  path: string;
  /** Null: without a token. */
  role: Role | null;
  tag: Tag;
  summary: string;
  description?: string;
  /** Parts of the path. */
  parts?: z.ZodType<P>;
  query?: z.ZodType<Q>;
  body?: z.ZodType<B>;
  /** Schemas of what is answered with 200, by media type. */
  answers: Readonly<Record<string, z.ZodType>>;
  /** Codes of what can go wrong, besides what can everywhere. */
  failures: readonly (ErrorCode | HttpCode)[];
  answer(call: Call<P, Q, B>, services: Services): Promise<Response>;
}

/** A route whose request was checked by its own schemas. */
export type AnyRoute = Omit<Route, 'answer'> & {
  answer(call: Call<unknown, unknown, unknown>, services: Services): Promise<Response>;
};

export function route<P, Q, B>(one: Route<P, Q, B>): AnyRoute {
  return one as unknown as AnyRoute;
}
