/** The forms for axios and Node's http, against a server on this machine. Time advances only while no call is in flight. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { TestTimers } from '@rollgate/testing';
import axios, { type AxiosError } from 'axios';
import { limitAxios } from '../src/axios.js';
import { limitHttp } from '../src/http.js';
import { type Client, createClient } from '../src/index.js';

interface Received {
  readonly what: string;
  readonly body: string;
  readonly atMs: number;
}

const timers = new TestTimers();
let server: Server;
let origin: string;
let client: Client;
let received: Received[];
let statuses: number[];
let startMs: number;
let admitted: number;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const status = statuses[received.length] ?? 200;
    const body = await text(request);
    if (status !== 429) admitted += 1;
    received.push({ what: `${request.method} ${request.url}`, body, atMs: timers.nowMs() - startMs });
    response.writeHead(status, {
      'content-type': 'application/json',
      'RateLimit-Policy': '"minute";q=60;w=60',
      RateLimit: `"minute";r=${60 - admitted};t=60`,
      ...(status === 429 && { 'Retry-After': '30' }),
    });
    response.end(JSON.stringify({ status, number: received.length }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.close();
  server.closeAllConnections();
});
beforeEach(() => {
  client = createClient({ clock: timers, random: () => 0 });
  [received, statuses, startMs, admitted] = [[], [], timers.nowMs(), 0];
});

const run = <T>(work: Promise<T>): Promise<T> => timers.run(work, () => client.inFlight > 0);
const times = (): number[] => received.map(({ atMs }) => Math.round(atMs / 1000));

test('axios: calls are spread, denials waited out, and bodies sent again', async () => {
  statuses = [200, 429];
  const api = limitAxios(axios.create({ baseURL: origin }), client);
  const work = Promise.all([api.post('/a', { a: 1 }), api.post('/b', { b: 1 }), api.post('/c', { c: 1 })]);
  const responses = await run(work);
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
  expect(received.map(({ what, body }) => `${what} ${body}`)).toEqual([
    'POST /a {"a":1}',
    'POST /b {"b":1}',
    'POST /b {"b":1}',
    'POST /c {"c":1}',
  ]);
  expect(times()).toEqual([0, 1, 31, 32]);
});

test('axios: equal GETs become one call, and each caller has data of its own', async () => {
  const api = limitAxios(axios.create({ baseURL: origin }), client);
  const [one, two] = await run(Promise.all([api.get('/a', { params: { x: 1 } }), api.get('/a', { params: { x: 1 } })]));
  expect([one.data, two.data]).toEqual([
    { status: 200, number: 1 },
    { status: 200, number: 1 },
  ]);
  expect(one.data).not.toBe(two.data);
  expect(received.map(({ what }) => what)).toEqual(['GET /a?x=1']);
});

test('axios: a final denial and other statuses reject as usual, and options of a call are kept', async () => {
  statuses = [429, 404];
  const api = limitAxios(axios.create({ baseURL: origin }), client);
  const denied = await run(api.get('/a', { rateLimit: { maxWaitMs: 1_000 } }).catch((error: AxiosError) => error));
  expect(denied).toMatchObject({
    isAxiosError: true,
    code: 'ERR_BAD_REQUEST',
    response: { status: 429, data: { status: 429 } },
  });
  const missing = await run(api.get('/b').catch((error: AxiosError) => error));
  expect(missing).toMatchObject({ isAxiosError: true, response: { status: 404 } });
  const controller = new AbortController();
  timers.setTimer(() => controller.abort(), 100);
  const aborted = api.get('/c', { signal: controller.signal }).catch((error: Error) => error);
  expect(axios.isCancel(await run(aborted))).toBe(true);
  expect(received).toHaveLength(2);
});

test('axios: streams are passed on', async () => {
  const api = limitAxios(axios.create({ baseURL: origin }), client);
  const { data } = await run(api.get('/a', { responseType: 'stream' }));
  expect(JSON.parse(await text(data as IncomingMessage))).toEqual({ status: 200, number: 1 });
});

test('http: calls are spread, denials waited out, and bodies sent again', async () => {
  statuses = [200, 429];
  const request = limitHttp(client);
  const post = (path: string, body: string | (() => Readable)) => request(`${origin}${path}`, { method: 'POST', body });
  const responses = await run(Promise.all([post('/a', 'one'), post('/b', () => Readable.from(['t', 'wo']))]));
  expect(responses.map(({ statusCode }) => statusCode)).toEqual([200, 200]);
  expect(await Promise.all(responses.map(async (response) => JSON.parse(await text(response))))).toEqual([
    { status: 200, number: 1 },
    { status: 200, number: 3 },
  ]);
  expect(received.map(({ what, body }) => `${what} ${body}`)).toEqual(['POST /a one', 'POST /b two', 'POST /b two']);
  expect(times()).toEqual([0, 1, 31]);
});

test('http: a stream is sent once, errors reject, and a signal ends the call', async () => {
  statuses = [429];
  const request = limitHttp(client);
  const denied = await run(request(origin, { method: 'POST', body: Readable.from(['once']) }));
  expect([denied.statusCode, received.length]).toEqual([429, 1]);
  denied.resume();
  await expect(run(request('http://127.0.0.1:1/', { method: 'POST' }))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  const controller = new AbortController();
  const waits = request(origin, { signal: controller.signal });
  controller.abort('enough');
  await expect(waits).rejects.toMatchObject({ code: 'ABORTED', cause: 'enough' });
});

test('http: the credentials of a call choose its limits, in any form of its header fields', async () => {
  statuses = [429];
  const request = limitHttp(client);
  const held = request(origin, { headers: { Authorization: 'Bearer a' } });
  await run(timers.sleep(1));
  const free = await run(request(origin, { headers: ['Host', 'api.test', 'authorization', 'Bearer b'] as never }));
  expect([free.statusCode, times()]).toEqual([200, [0, 0]]);
  expect((await run(held)).statusCode).toBe(200);
});

test('all forms of one client share its limits', async () => {
  const api = limitAxios(axios.create({ baseURL: origin }), client);
  const request = limitHttp(client);
  const work = [client.fetch(`${origin}/a`), api.get('/b'), request(`${origin}/c`)];
  await run(Promise.all<unknown>(work));
  expect(times()).toEqual([0, 1, 2]);
  expect(client.limits()).toMatchObject([{ name: 'minute', limit: 60, lengthMs: 60_000, available: 57 }]);
});
