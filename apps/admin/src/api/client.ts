/** The admin API, typed by its own description. A call that answers 401 waits until someone signs in, then is sent again. */
import createClient from 'openapi-fetch';
import { untilSignedIn } from '../lib/sign-in-gate.js';
import type { components, operations, paths } from './schema.js';

export type Problem = components['schemas']['Problem'];

/** A call failed: the service refused it, or the service cannot be reached (`status` 0). */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.message);
  }
}

const UNREACHABLE: Problem = {
  type: 'about:blank',
  title: 'Unreachable',
  status: 0,
  message: 'The service cannot be reached. Check your connection and try again; what you typed is kept.',
};

export const api = createClient<paths, 'application/json'>({
  baseUrl: '',
  credentials: 'same-origin',
  headers: { 'X-Rollgate-Request': '1' },
  fetch: fetchSignedIn,
});

async function fetchSignedIn(request: Request): Promise<Response> {
  for (;;) {
    const response = await fetch(request.clone()).catch(() => {
      throw new ApiError(0, UNREACHABLE);
    });
    if (response.status !== 401 || new URL(request.url).pathname === '/admin/api/session') return response;
    await untilSignedIn();
  }
}

interface Outcome<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly response: Response;
}

/** Resolves to the body of a successful answer. @throws ApiError */
export async function unwrap<T>(call: Promise<Outcome<T>>): Promise<NonNullable<T>> {
  const { data, error, response } = await call;
  if (response.ok) return data as NonNullable<T>;
  throw new ApiError(response.status, problemOf(error, response));
}

function problemOf(error: unknown, { status, statusText }: Response): Problem {
  if (typeof error === 'object' && error !== null && 'message' in error) return error as Problem;
  const message =
    status >= 500
      ? `The service or its database is not working properly (${status}). Try again in a moment; what you typed is kept.`
      : `The service refused this (${status} ${statusText}).`;
  return { type: 'about:blank', title: statusText, status, message };
}

type Json<Response> = Response extends { content: { 'application/json': infer T } } ? T : never;
type Responses<Id extends keyof operations> = operations[Id]['responses'];

/** The body of an operation's successful answer. */
export type Answer<Id extends keyof operations> =
  Responses<Id> extends { 200: infer R } ? Json<R> : Responses<Id> extends { 201: infer R } ? Json<R> : never;

/** The query parameters of an operation. */
export type QueryOf<Id extends keyof operations> = NonNullable<operations[Id]['parameters']['query']>;

/** The request body of an operation. */
export type BodyOf<Id extends keyof operations> = operations[Id] extends {
  requestBody: { content: { 'application/json': infer T } };
}
  ? T
  : never;

/** The `If-Match` header for an item of that version. */
export const ifMatch = (version: number) => ({ headers: { 'If-Match': `"${version}"` } });
