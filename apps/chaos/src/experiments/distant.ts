import type { TcpProxy } from '@rollgate/testing';
import { type Experiment, openWorld, outcomeOf, wait } from './experiment.js';

/** The round trip of each instance in ms. Each direction takes half of it. */
const ROUND_TRIPS_MS = [10, 50, 100];
/** Longer than pools usually keep an unused connection. */
const REST_MS = 12_000;

export const distant: Experiment = {
  name: 'distant',
  what: `The database is ${ROUND_TRIPS_MS.join(', ')} ms away from its instances; calls come before the first connection, and after ${REST_MS / 1000} s without calls`,
  seconds: 30,
  async run(setting) {
    const { url } = await setting.lab.shared();
    const proxies = await Promise.all(ROUND_TRIPS_MS.map(() => setting.lab.proxy(url)));
    for (const [i, proxy] of proxies.entries()) proxy.set({ kind: 'latency', ms: (ROUND_TRIPS_MS[i] as number) / 2 });
    const world = await openWorld(setting, {
      urlOf: (direct, i) => (proxies[i] as TcpProxy).through(direct),
      cold: true,
      // This experiment is about distance, not about the disk or the processor that everything shares. Commits therefore do not
      // wait for the disk, the load is light, and the budget is above the default.
      prepare: `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$`,
      limiter: { budgetMs: 400 },
      load: { perSecond: 30, rests: { afterMs: 1_500, forMs: REST_MS } },
    });
    await world.fleet.start();
    await wait(setting.seconds);
    await world.fleet.finish();
    const outcome = await outcomeOf(world);
    const { calls } = outcome.history;
    const without = calls.filter(({ mode }) => mode?.startsWith('fallback'));
    return {
      ...outcome,
      faults: {
        'bytes delayed': proxies.reduce((sum, proxy) => sum + proxy.seen.slowed, 0),
        'idle times of 10 s or more': restsIn(calls.map(({ instance, startedAt }) => ({ instance, startedAt }))),
      },
      claims: [
        { what: 'the database decided every call', holds: without.length === 0 },
        { what: 'no call failed', holds: calls.every(({ error }) => error === null) },
      ],
      notes: without.slice(0, 3).map(({ instance, startedAt, endedAt }) => {
        const afterS = (startedAt - Math.min(...calls.map((call) => call.startedAt))) / 1000;
        return `${instance} decided without the database ${afterS.toFixed(1)} s after the start, after ${Math.round(endedAt - startedAt)} ms`;
      }),
    };
  },
};

function restsIn(calls: readonly { readonly instance: string; readonly startedAt: number }[]): number {
  const last = new Map<string, number>();
  let rests = 0;
  for (const { instance, startedAt } of calls.toSorted((a, b) => a.startedAt - b.startedAt)) {
    if (startedAt - (last.get(instance) ?? startedAt) >= 10_000) rests++;
    last.set(instance, startedAt);
  }
  return rests;
}
