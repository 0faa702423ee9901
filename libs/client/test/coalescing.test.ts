import { expect, test } from '@jest/globals';
import { scripted } from './scripted-api.js';

const URL_ = 'http://api.test/things';

test('equal GETs under way become one call, and each caller reads the body', async () => {
  const { client, timers, sent } = scripted([{ afterMs: 100, body: 'once' }, { body: 'again' }]);
  const calls = Array.from({ length: 5 }, () => client.fetch(URL_, { headers: { accept: 'text/plain' } }));
  const bodies = await timers.run(Promise.all(calls.map(async (call) => await (await call).text())));
  expect(bodies).toEqual(['once', 'once', 'once', 'once', 'once']);
  expect(sent).toHaveLength(1);
  expect(await (await timers.run(client.fetch(URL_))).text()).toBe('again');
});

test.each<[string, RequestInit, object]>([
  ['another method', { method: 'POST' }, {}],
  ['another field', { headers: { accept: 'text/html' } }, {}],
  ['another cost', {}, { cost: 2 }],
  ['another priority', {}, { priority: 1 }],
])('calls with %s are not equal', async (_what, init, options) => {
  const { client, timers, sent } = scripted([]);
  await timers.run(Promise.all([client.fetch(URL_), client.fetch(URL_, init, options)]));
  expect(sent).toHaveLength(2);
});

test('with coalesce: false each call is sent', async () => {
  const { client, timers, sent } = scripted([], { coalesce: false });
  await timers.run(Promise.all([client.fetch(URL_), client.fetch(URL_)]));
  expect(sent).toHaveLength(2);
});

test('a caller that aborts ends alone; the call ends when the last one aborts', async () => {
  const { client, timers, sent } = scripted([{ afterMs: 1_000 }, { afterMs: 1_000 }]);
  const [one, two] = [new AbortController(), new AbortController()];
  const first = client.fetch(URL_, { signal: one.signal }).catch((error: Error) => error.name);
  const second = client.fetch(URL_, { signal: two.signal });
  one.abort();
  expect(await first).toBe('AbortError');
  expect((await timers.run(second)).status).toBe(200);
  const both = [one, two].map(() => new AbortController());
  const ended = both.map(({ signal }) => client.fetch(URL_, { signal }).catch((error: Error) => error.name));
  for (const controller of both) controller.abort();
  expect(await timers.run(Promise.all(ended))).toEqual(['AbortError', 'AbortError']);
  expect([sent.length, client.inFlight]).toEqual([2, 0]);
});

test('a caller that joined is not rejected because the time of the first one is over', async () => {
  const { client, timers, sent } = scripted([{ afterMs: 9_000 }]);
  // Holds the turn, so that the next ones wait.
  const holder = client.fetch(`${URL_}/slow`, { method: 'POST' });
  const first = client.fetch(URL_, {}, { maxWaitMs: 5_000 }).catch((error: Error) => error.name);
  await timers.run(timers.sleep(4_900));
  const second = client.fetch(URL_, {}, { maxWaitMs: 5_000 });
  expect(await timers.run(first)).toBe('WaitTooLongError');
  expect((await timers.run(second)).status).toBe(200);
  await timers.run(holder);
  expect(sent).toHaveLength(2);
});
