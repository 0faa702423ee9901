/** Extra units over HTTP: granted, in force on a running limiter, listed, exported, and replaced. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { until } from '@rollgate/testing';
import { type Desk, inHours, openDesk } from './admin-traffic.js';

// biome-ignore lint/suspicious/noExplicitAny: tests read response bodies without types
type Json = Record<string, any>;

let desk: Desk;
beforeAll(async () => {
  desk = await openDesk();
});
afterAll(() => desk?.close());

const path = (rest: string) => `/admin/api/${rest}`;
const api = 'publish-bot';
const make = async (spec: Json) => {
  const answer = await desk.support.post(path('overrides'), { expiresAt: inHours(1), reason: 'test', ...spec });
  return { status: answer.status, body: answer.body as Json };
};
test('extra units are added to the limits of a running limiter, shown and exported, and replace other limits in a change', async () => {
  const account = 'extra-co';
  await make({ account, api, perMinute: 100, perHour: 2_000 });
  const spec = { account, api, extraMinute: 50, extraHour: 500 };
  const preview = await desk.support.post(path('overrides/preview'), { ...spec, expiresAt: inHours(1) });
  expect(preview.body).toMatchObject({
    sets: { perMinute: null, extraMinute: 50, extraHour: 500 },
    effects: [{ before: { perMinute: 100 }, after: { perMinute: 150, perHour: 2_500 }, governs: true }],
  });
  const { status, body } = await make(spec);
  const { id } = body['override'];
  expect([status, body['override']]).toMatchObject([201, { extraMinute: 50, extraHour: 500, perMinute: null }]);
  const { governedBy } = await until(() => desk.limiter.limitsOf({ account, api, dimensions: { bot: 'b' } }), {
    what: 'the limiter adds the extra units',
    accept: ({ limits, source }) => limits.perMinute === 150 && limits.perHour === 2_500 && source === id,
  });
  expect(governedBy).toHaveLength(2);
  const list = (await desk.viewer.get(path(`overrides?account=${account}&aboveTimes=1.8`))).body as Json;
  expect(list['items']).toMatchObject([{ id, extraMinute: 50 }]);
  expect((await desk.auditor.get(path(`overrides?account=${account}&format=csv`))).text).toContain(',,,50,500,');
  const change = (more: Json) =>
    desk.support.patch(path(`overrides/${id}`), { reason: 'test', ...more }, { 'if-match': '"1"' });
  expect((await change({ extraHour: 400 })).body).toMatchObject({ lowering: [{ from: 2_500, to: 2_400 }] });
  expect((await change({ extraHour: 5, factor: 2 })).status).toBe(400);
  expect((await change({ expiresAt: null })).status).toBe(422);
  const changed = await change({ perMinute: 160, perHour: 2_500 });
  expect(changed.body).toMatchObject({ override: { perMinute: 160, extraMinute: null, extraHour: null } });
});

test.each([
  [400, { extraHour: 0 }],
  [400, { extraHour: 1.5 }],
  [400, { extraHour: 1_000_000_001 }],
  [400, { extraHour: 5, perMinute: 90 }],
  [422, { extraHour: 5, expiresAt: null }],
  [403, { extraMinute: 541 }],
])('extra units that are refused with %s: %p', async (status, spec) => {
  const { status: got } = await make({ account: 'extra-co-2', api, ...spec });
  expect(got).toBe(status);
});
