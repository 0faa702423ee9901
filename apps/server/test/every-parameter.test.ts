/** Sends invalid values in every parameter of every route in the OpenAPI description, and expects no 500. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ODD_TEXTS, REFUSED_TEXTS } from '@rollgate/limiter/testing';
import { type Desk, openDesk } from './admin-traffic.js';
import { NEEDED_QUERY } from './needed-parameters.js';

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly items?: Schema;
  readonly format?: string;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly { name: string; in: string; required?: boolean; schema: Schema }[];
  readonly requestBody?: { content: { 'application/json'?: { schema: Schema } } };
}

interface Request {
  readonly path: string;
  readonly body?: unknown;
}

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk?.close());

const NUMBERS = [-1, 0, 1.5, 1e12, 2 ** 31, Number.MAX_SAFE_INTEGER, -0.0001];
const TEXTS = [...REFUSED_TEXTS.map(([, text]) => text).filter((text) => text !== ''), ...ODD_TEXTS];
const KINDS = [null, true, [], [[]], {}, { $ne: '' }, ['a'], '', '2026-13-45T99:99:99Z', '+275760-09-14T00:00:00Z'];

/** A plausible value generated from the schema alone. */
function plausible(schema: Schema): unknown {
  if (schema.anyOf) return plausible(schema.anyOf[0] ?? {});
  if (schema.enum) return schema.enum[0];
  if (schema.format === 'date-time') return '2030-01-01T00:00:00Z';
  if (schema.type === 'integer' || schema.type === 'number') return 5;
  if (schema.type === 'boolean') return true;
  if (schema.type === 'array') return [plausible(schema.items ?? {})];
  if (schema.type === 'object') {
    const entries = Object.entries(schema.properties ?? {});
    return Object.fromEntries(entries.map(([name, property]) => [name, plausible(property)]));
  }
  return 'publish-bot';
}

const query = (pairs: Record<string, string>) => new URLSearchParams(pairs).toString();
const escaped = (text: string) => (text.isWellFormed() ? encodeURIComponent(text) : '%ED%A0%80');

/** Requests that differ from a plausible one in one place. */
function* spoiled(path: string, { parameters = [], requestBody }: Operation): Generator<Request> {
  const filled = (name?: string, text = '') =>
    path.replace(/\{(\w+)\}/g, (_, each: string) => escaped(each === name ? text : 'ovr_1'));
  const schema = requestBody?.content['application/json']?.schema;
  const body = schema === undefined ? {} : { body: plausible(schema) };
  const needed = parameters
    .filter((parameter) => parameter.in === 'query' && parameter.required === true)
    .map(({ name, schema: of }) => [name, String(plausible(of))]);
  const plain: Record<string, string> = { ...Object.fromEntries(needed), ...NEEDED_QUERY[path] };
  for (const parameter of parameters) {
    for (const text of [...TEXTS, ...NUMBERS.map(String)]) {
      if (parameter.in === 'path') yield { path: filled(parameter.name, text), ...body };
      if (parameter.in === 'query')
        yield { path: `${filled()}?${query({ ...plain, [parameter.name]: text })}`, ...body };
    }
    if (parameter.in === 'query') {
      const twice = `${parameter.name}=a&${parameter.name}=b`;
      for (const odd of [twice, `${parameter.name}[a]=b`, `${parameter.name}[]=a`, `${parameter.name}=%00`])
        yield { path: `${filled()}?${odd}`, ...body };
      // Well-formed cursors with parts of another type.
      if (parameter.name === 'after')
        for (const key of [[1], ['a'], [null], ['\0'], ['a', 'b'], [1e300], ['\ud800', 1], [1, 1], ['x', 'y', 'z']])
          yield { path: `${filled()}?after=${Buffer.from(JSON.stringify(key)).toString('base64url')}`, ...body };
    }
  }
  const whole = body.body as Record<string, unknown> | undefined;
  for (const name of Object.keys(whole ?? {}))
    for (const value of [...TEXTS, ...NUMBERS, ...KINDS]) yield { path: filled(), body: { ...whole, [name]: value } };
  if (whole !== undefined && 'dimensions' in whole)
    for (const text of TEXTS) yield { path: filled(), body: { ...whole, dimensions: { [text]: 'x', bot: text } } };
}

const SKIPPED = new Set(['signOut', 'signOutEverywhere', 'signIn']);
const AT_ONCE = 8;
const MOST_SHOWN = 300;

test('no request gets a 500', async () => {
  const { paths } = (await desk.service.call('/openapi.json')).body as {
    paths: Record<string, Record<string, Operation>>;
  };
  const failed: string[] = [];
  const send = async (method: string, operation: Operation, request: Request) => {
    const ifMatch = { 'if-match': '"1"' };
    const { status, body } = await desk.admin.call(method.toUpperCase(), request.path, request.body, ifMatch);
    if (status >= 500 || (status >= 400 && typeof body['message'] !== 'string'))
      failed.push(
        `${status} ${operation.operationId} ${request.path} ${JSON.stringify(request.body)}`.slice(0, MOST_SHOWN),
      );
  };
  let sent = 0;
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      if (SKIPPED.has(operation.operationId)) continue;
      const requests = [...spoiled(path, operation)];
      sent += requests.length;
      for (let at = 0; at < requests.length; at += AT_ONCE)
        await Promise.all(requests.slice(at, at + AT_ONCE).map((request) => send(method, operation, request)));
    }
  }
  expect(failed).toEqual([]);
  expect(sent).toBeGreaterThan(1_000);
}, 180_000);
