/**
 * One decorator that declares a route of the admin API: who may call it, its input, output and errors. The OpenAPI
 * description is generated from the same zod schemas that check requests.
 */
import { applyDecorators, HttpCode } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiParam, ApiQuery, ApiResponse } from '@nestjs/swagger';
import { z } from 'zod';
import { type Access, Public, Requires, SignedIn } from './access.decorators.js';
import { EXPORT_TYPES, type ExportForm, Exports } from './export-form.js';
import { ReadRouteOf, type Reads } from './reads.js';

type JsonSchema = Record<string, unknown>;

export interface RouteOptions {
  /** Unique. The generated client uses it as the route's name. */
  readonly id: string;
  readonly summary: string;
  readonly access: Access;
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  readonly response?: z.ZodType;
  /** Schema of the response. */
  readonly example?: unknown;
  readonly status?: number;
  /** Statuses in addition to 400, 401, 403 and 503, which every route may return. */
  readonly errors?: readonly number[];
  /** File formats in which the list can be downloaded. They need the permission `export` as well as the route's own. */
  readonly alsoAs?: readonly ExportForm[];
  /** What the route shows of accounts, for the access log. */
  readonly reads?: Reads;
}

const ERRORS: Readonly<Record<number, string>> = {
  400: 'The request is malformed; `errors` names each field.',
  401: 'The caller is not signed in.',
  403: 'The caller may not do this.',
  404: 'There is no such thing.',
  409: 'The state of things does not allow it, or another one was faster; with `lowering`, limits would fall: `allowLowering` confirms it.',
  412: 'It was changed meanwhile: `If-Match` names another version.',
  413: 'The body is too large.',
  422: 'Well-formed, but it can never be.',
  428: '`If-Match` is needed.',
  429: 'Too often.',
  503: 'The database does not answer at the moment: `Retry-After` says when to try again.',
};

/** A named component of the OpenAPI description. */
const PROBLEM = '#/components/schemas/Problem';

export const PROBLEM_SCHEMA = {
  type: 'object',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    /** What went wrong and what to do. */
    message: { type: 'string' },
    /** 429: how long to wait, the same as `Retry-After`. */
    retryAfterSeconds: { type: 'integer' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          field: { type: 'string' },
          message: { type: 'string' },
          /** The row of an import. */
          line: { type: 'integer' },
          column: { type: ['string', 'null'] },
        },
        required: ['field', 'message'],
      },
    },
    /** Limits that would be lowered; the same call with `allowLowering` makes the change. */
    lowering: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          api: { type: 'string' },
          window: { type: 'string', enum: ['minute', 'hour'] },
          from: { type: 'integer' },
          to: { type: 'integer' },
          why: { type: 'string', enum: ['lower', 'blocked', 'hourBelowMinute'] },
          at: { type: ['string', 'null'] },
          text: { type: 'string' },
        },
        required: ['api', 'window', 'from', 'to', 'why', 'at', 'text'],
      },
    },
  },
  required: ['type', 'title', 'status', 'message'],
} as const;

export function Route(options: RouteOptions): MethodDecorator {
  const {
    id,
    summary,
    access,
    params,
    query,
    body,
    response,
    example,
    status = 200,
    errors = [],
    alsoAs = [],
  } = options;
  const json =
    response === undefined ? undefined : { schema: schemaOf(response), ...(example === undefined ? {} : { example }) };
  const content: Record<string, unknown> = json === undefined ? {} : { 'application/json': json };
  for (const form of alsoAs) content[EXPORT_TYPES[form]] = { schema: { type: 'string' } };
  const refusals = [...new Set([400, ...('publicBecause' in access ? [] : [401, 403]), ...errors, 503])];
  return applyDecorators(
    accessDecorator(access),
    ReadRouteOf({ id, params, query, body, reads: options.reads }),
    HttpCode(status),
    ...(alsoAs.length === 0 ? [] : [Exports(alsoAs)]),
    ApiOperation({ operationId: id, summary, ...(alsoAs.length === 0 ? {} : { description: exportNote(alsoAs) }) }),
    ...Object.entries(params?.shape ?? {}).map(([name, schema]) =>
      ApiParam({ name, schema: schemaOf(schema as z.ZodType) }),
    ),
    ...Object.entries(query?.shape ?? {}).map(([name, schema]) =>
      ApiQuery({
        name,
        required: !(schema as z.ZodType).safeParse(undefined).success,
        schema: schemaOf(schema as z.ZodType),
      }),
    ),
    ...(body === undefined ? [] : [ApiBody({ schema: schemaOf(body) })]),
    ApiResponse({
      status,
      description: 'Done.',
      ...(json === undefined && alsoAs.length === 0 ? {} : { content: content as never }),
    }),
    ...refusals.map((code) =>
      ApiResponse({
        status: code,
        description: ERRORS[code] ?? 'It failed.',
        content: { 'application/problem+json': { schema: { $ref: PROBLEM } } },
      }),
    ),
  );
}

function exportNote(forms: readonly ExportForm[]): string {
  const ways = forms.map((form) => `\`?format=${form}\` or \`Accept: ${EXPORT_TYPES[form]}\``);
  return `The whole list as a file: ${ways.join('; ')}. This also needs the permission \`export\`.`;
}

function accessDecorator(access: Access): MethodDecorator {
  if ('permission' in access) return Requires(access.permission);
  return 'signedIn' in access ? SignedIn() : Public(access.publicBecause);
}

function schemaOf(schema: z.ZodType): JsonSchema {
  const made = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    target: 'draft-2020-12',
    override: plain,
  });
  const { $schema: _, ...rest } = made as JsonSchema;
  return rest;
}

/** Omits bounds that only state the range of a number type. */
function plain({ jsonSchema }: { jsonSchema: JsonSchema }): void {
  if (jsonSchema['minimum'] === Number.MIN_SAFE_INTEGER) delete jsonSchema['minimum'];
  if (jsonSchema['maximum'] === Number.MAX_SAFE_INTEGER) delete jsonSchema['maximum'];
}
